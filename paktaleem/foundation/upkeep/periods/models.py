"""Periods that differ from their default, and the last run of each disposal."""

from django.db import models
from django.db.models import Q

from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Unit, describe_length, get_kind


class PortalPeriod(TenantRow, Tracked):
    """The period of one kind of the portal's own data, if it is not the default. A row of PakTaleem, read by all.

    ``length`` is in the unit of the kind.
    """

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="kind"))

    kind = models.CharField(max_length=63)
    length = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    history = History()

    class Meta:
        verbose_name = "period of the portal’s own data"
        verbose_name_plural = "periods of the portal’s own data"
        constraints = [
            unique_in_client("portalperiod_once_per_kind", "kind"),
            models.CheckConstraint(condition=Q(length__gt=0), name="portalperiod_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{get_kind(self.kind).name}: {self.get_length_display()}"

    def get_length_display(self) -> str:
        """Return the length with its unit, in words."""
        bounds = get_kind(self.kind).bounds
        return describe_length(self.length, bounds.unit if bounds else Unit.DAYS)


class DisposalRun(TenantRow):
    """The last run of the disposal of one kind: when, how many rows, and how many since the first run."""

    wall = TablePolicy(EDIT, personal=classify(none="kind"))

    kind = models.CharField(max_length=63)
    ran_at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    rows_ever = models.PositiveBigIntegerField()
    last_rows_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "run of a disposal"
        constraints = [unique_in_client("disposalrun_once_per_kind", "kind")]
