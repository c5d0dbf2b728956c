"""Selectors of reviews of access."""

from typing import TYPE_CHECKING
from uuid import UUID

from paktaleem.directory.staff.access_reviews.models import AccessReview
from paktaleem.foundation.accounts.models import Membership

if TYPE_CHECKING:
    from django.db.models import QuerySet


def find_waiting_review(client_id: UUID) -> tuple[AccessReview, int] | None:
    """Return a client's latest open review in which memberships would be locked, and their number."""
    review = AccessReview.objects.filter(client_id=client_id, closed_at=None).order_by("-opened_at").first()
    number = 0 if review is None else list_unconfirmed(review).count()
    return (review, number) if review is not None and number else None


def list_to_confirm(review: AccessReview) -> "QuerySet[Membership]":
    """List the memberships, locked ones too, that no one has confirmed in a review and that are older than it."""
    rows = Membership.objects.filter(client_id=review.client_id, ends_at=None, starts_at__lte=review.opened_at)
    found: QuerySet[Membership] = rows.exclude(pk__in=review.confirmed).select_related("user")
    return found.order_by("user__email", "pk")


def list_unconfirmed(review: AccessReview) -> "QuerySet[Membership]":
    """List the memberships that would be locked: to be confirmed in a review, and not locked yet."""
    return list_to_confirm(review).filter(suspended_at=None)
