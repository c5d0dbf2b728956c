"""Disagreements between guardians, changes that wait for a second person, and quarantines."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship
from children.guardians.models.rows import ChildRow
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date


class ConflictOutcome(models.TextChoices):
    """The outcome of a disagreement between guardians."""

    AGREED = "agreed", _("The guardians agree")
    AUTHORITY_CHANGED = "authority_changed", _("One of them no longer decides")
    REFUSAL_APPLIES = "no_stands", _("They still disagree: the refusal applies")


class GuardianConflict(ChildRow):
    """A disagreement between a child's guardians about the service or one purpose; the refusal takes precedence."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"purpose_code": Personal.NONE})

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_code = models.CharField(max_length=63, blank=True, help_text="Empty: the service as a whole.")
    opened_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=24, choices=ConflictOutcome, blank=True)

    history = History()

    class Meta:
        verbose_name = "disagreement between guardians"
        verbose_name_plural = "disagreements between guardians"
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
        """Return the purpose in dispute, or “the service”."""
        return self.purpose_code or gettext("the service")


class GuardianChange(RequestedChange, ChildRow):
    """A change of a guardian's authority that would permit more than before; it needs a second person's approval.

    ``changes`` maps fields of the guardianship to booleans and ISO 8601 timestamps, or ``verification`` to the id of
    the one that the second person confirms. ``note`` is the note on a court order, sealed under the child's key.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="person",
        personal={"changes": Personal.NONE, "note": Personal.SEALED, "requested_kind": Personal.NONE},
    )

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    guardianship = models.ForeignKey(
        Guardianship, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    changes = models.JSONField()
    note = SealedField()

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
            *second_person_constraints("guardianchange"),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianchange_of_child"),
            *newest_first("requested_at", "guardianchange_by_time"),
            *newest_first("requested_at", "guardianchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        """Return the state."""
        return self.get_state_display()


class QuarantineCause(models.TextChoices):
    """The reason for a quarantine."""

    INCIDENT = "incident", _("Collected from a child without authority")
    REPORT = "report", _("Reported as a child's data")


class Quarantine(ChildRow):
    """A period [starts_at, ends_at) in which a person's data may only be deleted (policy §8)."""

    wall = TablePolicy(Scope.TENANT, EDIT)

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
        """Return the start date."""
        return gettext("quarantined since {day}").format(day=format_date(self.starts_at))
