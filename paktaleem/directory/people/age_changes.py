"""Age changes that wait for a second person: what is proposed, its state and its route."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.ages import AgeSource
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.foundation.accounts.due import due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify

AGE_SOURCES = {
    AgeSource.BIRTH_DATE: _("Birth date"),
    AgeSource.ATTESTED: _("Attested by the school"),
    AgeSource.PROVIDER: _("Checked by a provider"),
    AgeSource.DECLARED: _("Declared by the person"),
}
"""Labels of the age sources, strongest first."""


class AgeRoute(models.TextChoices):
    """Route by which an age change was proposed."""

    API = "api", _("The learning platform")
    ROSTER = "roster", _("A roster")
    CONSOLE = "console", _("The console")


class AgeChange(RequestedChange):
    """One proposed birth date, age or role that would let a child decide for themselves; not yet in effect.

    The proposal is sealed under the child's key. ``proposal_index`` is its keyed hash, by which a repeated proposal is
    recognised. The ledger records who proposed and who settled it.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="person",
        personal=classify(sealed="proposal", pseudonym="proposal_index", none="requested_kind"),
    )
    copied = Copied(
        "age_changes",
        _("Proposed changes of your age"),
        "proposal route state requested_at settled_at",
        titles={"proposal": _("Proposal")},
    )

    subject = models.ForeignKey("people.Subject", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    proposal = SealedField()
    proposal_index = models.BinaryField(max_length=32)
    route = models.CharField(max_length=16, choices=AgeRoute)

    due = (due_by_second_person(_("Changes of ages"), Capability.APPROVE_CHILD_CHANGES),)

    class Meta:
        verbose_name = "age change"
        verbose_name_plural = "age changes"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "subject"], condition=Q(state=ChangeState.WAITING), name="agechange_one_waiting"
            ),
            *second_person_constraints("agechange"),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="agechange_of_subject"),
            *newest_first("requested_at", "agechange_by_time"),
            *newest_first("requested_at", "agechange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()
