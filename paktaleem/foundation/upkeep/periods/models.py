"""Periods that differ from their default, changes of them, and the last run of each disposal."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import TenantRow, newest_first
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify


class PortalPeriod(TenantRow, Tracked):
    """The period of one kind of the portal's own data, if it is not the default. A row of PakTaleem, read by all.

    ``length`` is in the unit of the kind.
    """

    wall = TablePolicy(Scope.CATALOGUE, EDIT, personal=classify(none="kind"))

    kind = models.CharField(max_length=63)
    length = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    history = History()

    class Meta:
        verbose_name = "period of the portal’s own data"
        verbose_name_plural = "changed periods of the portal’s own data"
        constraints = [
            models.UniqueConstraint(fields=["client", "kind"], name="portalperiod_once_per_kind"),
            models.CheckConstraint(condition=Q(length__gt=0), name="portalperiod_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.length}"


class PeriodChange(RequestedChange):
    """A requested change of a period; no effect until a second person approves it.

    ``length`` and ``previous`` are in the unit of the kind. ``ground`` says in words why the change is lawful.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal=classify(none="kind ground requested_kind"))

    kind = models.CharField("kind of data", max_length=63)
    length = models.PositiveIntegerField()
    previous = models.PositiveIntegerField()

    due = (due_by_second_person(_("Changes of periods"), Capability.SUPERVISE),)

    class Meta:
        verbose_name = "change of a period"
        verbose_name_plural = "periods of the portal’s own data"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "kind"], condition=Q(state=ChangeState.WAITING), name="periodchange_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(length__gt=0),
                name="periodchange_above_zero",
                violation_error_message=_("Write a number above zero."),
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="periodchange_has_a_ground"),
            *second_person_constraints("periodchange"),
        ]
        indexes = [
            *newest_first("requested_at", "periodchange_by_time"),
            *newest_first("requested_at", "periodchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.previous} → {self.length}"


class DisposalRun(TenantRow):
    """The last run of the disposal of one kind: when, how many rows, and how many since the first run."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal=classify(none="kind"))

    kind = models.CharField(max_length=63)
    ran_at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    rows_ever = models.PositiveBigIntegerField()
    last_rows_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "run of a disposal"
        constraints = [models.UniqueConstraint(fields=["client", "kind"], name="disposalrun_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.rows}"
