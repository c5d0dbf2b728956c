"""Weeks whose digest was sent, and who does not want the email."""

from django.db import models

from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy


class SentDigest(TenantRow):
    """One week whose digest was sent to a client; ``monday`` is its first day in the client's time zone."""

    wall = TablePolicy(Scope.TENANT, APPEND, kept_for_good="one row for each client and week, about no person")

    monday = models.DateField()
    recipients = models.PositiveIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "monday"], name="sentdigest_once_a_week")]

    def __str__(self) -> str:
        return self.monday.isoformat()


class DigestChoice(TenantRow):
    """Whether one member of staff gets the weekly email of a client; without a row they get it."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        kept_for_good="one row for each member of staff who chose, overwritten by the next choice",
    )

    user_id = models.UUIDField()
    is_stopped = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "user_id"], name="digestchoice_one_each")]

    def __str__(self) -> str:
        return "stopped" if self.is_stopped else "sent"
