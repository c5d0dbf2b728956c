"""PakTaleem's part for a purpose (controller, joint controller or processor), at every client or at one."""

from django.db import models
from django.db.models import F, Q

from consent.register.models.purposes import Capacity, Purpose
from consent.register.models.rows import PeriodRow, catalogue_owner, period_is_ordered_or_empty
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Scope, TablePolicy


class PurposeCapacity(PeriodRow):
    """PakTaleem's capacity for one purpose, from a day on (policy §7); set by PakTaleem only.

    A row of PakTaleem's applies at every client, a client's row at that client, where it takes precedence. The latest
    started row is in force. Without one PakTaleem is processor.
    """

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(Scope.CATALOGUE, EDIT)

    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_owner = catalogue_owner()
    capacity = models.CharField(max_length=16, choices=Capacity)

    history = History()

    class Meta:
        verbose_name = "controller or processor"
        verbose_name_plural = "controller or processor"
        ordering = ["purpose__code", "-starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "purpose", "starts_at"],
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="purposecapacity_one_per_start",
            ),
            period_is_ordered_or_empty("purposecapacity_period"),
        ]
        indexes = newest_first("starts_at", "purposecapacity_by_start")

    def __str__(self) -> str:
        """Return the capacity."""
        return str(self.get_capacity_display())
