"""What waits for a person: guardians who disagree, changes that would open the gate; and what is held back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship
from children.guardians.models.rows import ChildRow
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.secondperson import ChangeState, by_two_people
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.wall import EDIT, Personal, Scope, Wall

__all__ = [
    "ConflictOutcome",
    "GuardianChange",
    "GuardianConflict",
    "Quarantine",
    "QuarantineCause",
]


class ConflictOutcome(models.TextChoices):
    """How a disagreement ended."""

    AGREED = "agreed", _("The guardians agree")
    AUTHORITY_CHANGED = "authority_changed", _("One of them no longer decides")
    NO_STANDS = "no_stands", _("They differ still: the no stands")


class GuardianConflict(ChildRow):
    """One disagreement of a child's guardians, about the service or one purpose. Meanwhile the no stands."""

    wall = Wall(Scope.TENANT, EDIT, personal={"purpose_code": Personal.NONE})

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_code = models.CharField(max_length=63, blank=True, help_text="Empty: the service as a whole.")
    opened_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=24, choices=ConflictOutcome, blank=True)

    history = History()

    class Meta:
        verbose_name = "disagreement of guardians"
        verbose_name_plural = "disagreements of guardians"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "child", "purpose_code"],
                condition=Q(closed_at=None),
                name="guardianconflict_one_open",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="guardianconflict_closed_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianconflict_of_child"),
            *newest_first("opened_at", "guardianconflict_by_time"),
            *newest_first("opened_at", "guardianconflict_open", condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        """Say about what."""
        return self.purpose_code or gettext("the service")


class GuardianChange(ChildRow):
    """One change of a guardian's authority that would open the gate: it waits for a second person.

    ``changes`` are codes, yes/no and moments by the guardianship's fields; a court's note is sealed for the child.
    """

    wall = Wall(
        Scope.TENANT,
        EDIT,
        personal={"changes": Personal.NONE, "note": Personal.SEALED, "requested_kind": Personal.NONE},
    )

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    guardianship = models.ForeignKey(
        Guardianship, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    changes = models.JSONField()
    note = SealedField()
    state = models.CharField(max_length=16, choices=ChangeState, default=ChangeState.WAITING)
    requested_kind = models.CharField(max_length=16, editable=False)
    requested_by = models.UUIDField(editable=False)
    requested_at = models.DateTimeField(editable=False)
    settled_by = models.UUIDField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        verbose_name = "change of a guardian"
        verbose_name_plural = "changes of guardians"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "guardianship"],
                condition=Q(state=ChangeState.WAITING),
                name="guardianchange_one_waiting",
            ),
            *by_two_people("guardianchange"),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianchange_of_child"),
            *newest_first("requested_at", "guardianchange_by_time"),
            *newest_first("requested_at", "guardianchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        """Show the state."""
        return self.get_state_display()


class QuarantineCause(models.TextChoices):
    """Why a person's data is held back."""

    INCIDENT = "incident", _("Collected from a child without authority")
    REPORT = "report", _("Reported as a child's data")


class Quarantine(ChildRow):
    """One period in which nothing may be done with a person's data but deleting it (policy §8)."""

    wall = Wall(Scope.TENANT, EDIT)

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    cause = models.CharField(max_length=16, choices=QuarantineCause)
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "subject"], condition=Q(ends_at=None), name="quarantine_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="quarantine_period"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="quarantine_of_subject"),
            *newest_first("starts_at", "quarantine_by_time"),
            *newest_first("starts_at", "quarantine_open", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        """Show since when."""
        return gettext("held back from {day}").format(day=f"{self.starts_at:%Y-%m-%d}")
