"""Models of disclosures that systems report."""

from django.db import models
from django.db.models import F, Q

from consent.decisions.reasons import Reason
from consent.register.models.agreements import Recipient
from consent.register.models.rows import CodesField
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy


class Disclosure(models.Model):
    """A report that data of a person was shared with a recipient, for a purpose. Append-only.

    ``reason`` is the reason code of the decision at the time of sharing: ``permitted``, or why it was denied
    (``is_denied``).
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        personal=dict.fromkeys(("purpose", "categories", "reason", "actor_role"), Personal.NONE),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    recipient_owner = models.UUIDField(editable=False)
    purpose = models.CharField(max_length=63)
    categories = CodesField()
    reason = models.CharField("decision", max_length=64, help_text="The decision at the time of sharing.")
    is_denied = models.BooleanField("denied")
    system = models.ForeignKey(System, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False)
    system_owner = models.UUIDField(null=True, editable=False)
    shared_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_denied=False, reason=Reason.PERMITTED) | Q(is_denied=True) & ~Q(reason=Reason.PERMITTED),
                name="disclosure_denied_for_a_reason",
            ),
            models.CheckConstraint(condition=~Q(categories=[]), name="disclosure_of_something"),
            models.CheckConstraint(condition=Q(shared_at__lte=F("reported_at")), name="disclosure_not_in_future"),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "-shared_at"], name="disclosure_of_person"),
            models.Index(fields=["client", "subject", "-reported_at", "-id"], name="disclosure_listed_of_person"),
            *newest_first("reported_at", "disclosure_by_time"),
            *newest_first("reported_at", "disclosure_denied", condition=Q(is_denied=True)),
        ]

    def __str__(self) -> str:
        """Return the purpose and the categories."""
        return f"{self.purpose}: {', '.join(self.categories)}"
