"""The end of a restriction and of an objection: the notice before a lift, and the overruling by two officers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.consents.models import Objection, Restriction
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy, classify


class NoticeWay(models.TextChoices):
    """How a person was informed before a restriction is lifted."""

    MAIL = "mail", _("Email to the contact on file")
    BY_HAND = "by_hand", _("By telephone, in person or in writing")


class LiftNotice(TenantRow):
    """One notice to a person that a restriction will be lifted (GDPR Art. 18(3))."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    restriction = models.ForeignKey(Restriction, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    way = models.CharField(max_length=16, choices=NoticeWay)
    informed_by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "restriction"], name="liftnotice_of_restriction")]

    def __str__(self) -> str:
        return str(self.get_way_display())


class Overruling(RequestedChange):
    """One proposal to overrule an objection on compelling grounds, for a second officer (GDPR Art. 21(1)).

    ``grounds`` are the grounds and the evidence in words, sealed under the person's key.
    """

    wall = TablePolicy(
        Scope.TENANT, EDIT, disposed_as="person", personal=classify(sealed="grounds", none="requested_kind")
    )
    copied = Copied(
        "overrulings",
        _("Proposals to overrule your objections"),
        "purpose=objection__purpose_code grounds state requested_at settled_at",
        of=("objection__subject",),
        titles={"grounds": _("Compelling grounds")},
    )

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    grounds = SealedField()

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            *second_person_constraints("overruling"),
            models.UniqueConstraint(
                fields=["client", "objection"],
                condition=models.Q(state=ChangeState.WAITING),
                name="overruling_one_waiting",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_state_display())
