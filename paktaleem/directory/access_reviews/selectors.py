"""Selectors of reviews of access."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from paktaleem.directory.access_reviews.models import AccessConfirmation, AccessReview
from paktaleem.foundation.accounts.models import Membership

__all__ = ["find_open_review", "list_to_confirm", "list_unconfirmed"]


def find_open_review(client_id: UUID) -> AccessReview | None:
    """Return the latest review of a client that is neither confirmed for all nor locked, or None."""
    return AccessReview.objects.filter(client_id=client_id, closed_at=None).order_by("-opened_at").first()


def list_to_confirm(review: AccessReview, *, at: datetime) -> "QuerySet[Membership]":
    """List the memberships that an administrator confirms in a review: those in effect, and the locked ones."""
    rows = Membership.objects.filter(client_id=review.client_id, ends_at=None, starts_at__lte=at)
    found: QuerySet[Membership] = rows.filter(~_is_confirmed(review)).select_related("user").order_by("user__email")
    return found


def list_unconfirmed(review: AccessReview, *, at: datetime) -> "QuerySet[Membership]":
    """List the memberships in effect since before the review was opened that no one has confirmed in it."""
    rows = Membership.objects.active(at).filter(client_id=review.client_id, starts_at__lte=review.opened_at)
    found: QuerySet[Membership] = rows.filter(~_is_confirmed(review)).order_by("pk")
    return found


def _is_confirmed(review: AccessReview) -> Exists:
    return Exists(
        AccessConfirmation.objects.filter(client_id=review.client_id, review=review, membership_id=OuterRef("pk"))
    )
