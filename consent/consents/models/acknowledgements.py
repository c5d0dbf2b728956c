"""Acknowledgements of the privacy policy."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from consent.consents.models.consents import Method
from consent.notices.models.notices import NoticeVersion
from consent.register.models.rows import catalogue_owner
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_time

_NONE = Personal.NONE


class PolicyAcknowledgement(models.Model):
    """One person's acknowledgement of one version of the privacy policy. Append-only, and never a consent."""

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"shown_hash": _NONE, "language": _NONE, "actor_role": _NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    version = models.ForeignKey(NoticeVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    version_owner = catalogue_owner()
    shown_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    method = models.CharField(max_length=16, choices=Method)
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    claimed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at", "-id"]
        indexes = [models.Index(fields=["client", "subject", "-recorded_at"], name="policyack_of_subject")]
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed_at=None) | Q(claimed_at__lte=F("recorded_at")), name="policyack_claimed_not_future"
            ),
        ]

    def __str__(self) -> str:
        """Return the time."""
        return gettext("acknowledged {moment}").format(moment=format_time(self.recorded_at))
