"""Alerts of stuck orders."""

from django.db import models

from paktaleem.directory.data_systems.models.orders import STATES, Order
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, Scope, TablePolicy
from paktaleem.foundation.times import format_time


class OrderAlert(models.Model):
    """One order that was found stuck in one state of one attempt: the people responsible are emailed once."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    state = models.CharField(max_length=16, choices=STATES)
    attempt = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "order", "state", "attempt"], name="orderalert_once_a_state")
        ]
        indexes = [*newest_first("raised_at", "orderalert_by_time")]

    def __str__(self) -> str:
        """Return the state and the time."""
        return f"{self.get_state_display()}, {format_time(self.raised_at)}"
