"""Reviews of access, and the memberships that were confirmed in them."""

from django.db import models

from paktaleem.directory.staff.access_reviews.dates import Progress
from paktaleem.foundation.accounts.models import Client, Membership
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy

_KEPT = "evidence of who confirmed the access of whom"


class AccessReview(models.Model):
    """One review of who has access to a client's data, opened each quarter.

    ``quarter`` is its first day in the client's time zone, by the client's clock, as are the other days.
    ``opened_at`` is on the system clock, as memberships are: those given later are confirmed in the next review.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, kept_for_good=_KEPT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    quarter = models.DateField()
    opened_on = models.DateField()
    opened_at = models.DateTimeField()
    reminded_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    locked_count = models.PositiveIntegerField("locked memberships", default=0, db_default=0)

    class Meta:
        verbose_name = "review of access"
        verbose_name_plural = "reviews of access"
        ordering = ["-opened_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["client", "quarter"], name="accessreview_one_each_quarter")]
        indexes = newest_first("opened_at", "accessreview_by_time")

    def __str__(self) -> str:
        """Return the quarter, such as 2026 Q4."""
        return f"{self.quarter.year} Q{(self.quarter.month + 2) // 3}"

    @property
    def progress(self) -> Progress:
        """Return the days that decide what is due."""
        return Progress(self.opened_on, self.reminded_on)


class AccessConfirmation(models.Model):
    """One membership that an administrator or officer confirmed; ``confirmed_at`` is on the system clock."""

    wall = TablePolicy(Scope.TENANT, APPEND, kept_for_good=_KEPT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    confirmed_by = models.UUIDField()
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["-confirmed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "review", "membership"], name="accessconfirmation_once")
        ]

    def __str__(self) -> str:
        """Return the day."""
        return f"{self.confirmed_at:%Y-%m-%d}"
