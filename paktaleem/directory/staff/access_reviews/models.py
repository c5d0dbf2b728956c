"""Reviews of access, with the memberships that were confirmed in them."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.models import TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify

TIME_TO_CONFIRM = timedelta(days=21)
"""From the opening of a review to the day on which unconfirmed memberships are locked."""


class AccessReview(TenantRow):
    """One quarterly review of who has access to a client's data; ``confirmed`` are ids of memberships.

    Days are by the client's clock and time zone; ``opened_at`` is on the system clock, as memberships are.
    """

    wall = TablePolicy(
        EDIT,
        personal=classify(pseudonym="confirmed"),
        kept_for_good="evidence of who confirmed the access of whom",
        left_out_of_copies="ids of memberships, which the copy has; the ledger says who confirmed them",
    )

    quarter = models.DateField()
    locks_on = models.DateField("locked on")
    opened_at = models.DateTimeField()
    confirmed = ArrayField(models.UUIDField(), default=list, db_default=[])
    closed_at = models.DateTimeField(null=True)
    locked_count = models.PositiveIntegerField("locked memberships", default=0, db_default=0)

    due = (
        Due(
            label=_("Review of access"),
            note=_("confirm who has access, or it is locked"),
            who=Capability.DECIDE_FOR_CLIENT,
            rows=Q(closed_at=None),
            query="progress=open",
            on="locks_on",
        ),
    )

    class Meta:
        verbose_name = "review of access"
        verbose_name_plural = "reviews of access"
        ordering = ["-opened_at", "-id"]
        constraints = [unique_in_client("accessreview_one_each_quarter", "quarter")]
        indexes = newest_first("opened_at", "accessreview_by_time")

    def __str__(self) -> str:
        return f"{self.quarter.year} Q{(self.quarter.month + 2) // 3}"
