"""Selectors of reviews of access."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from paktaleem.directory.staff.access_reviews.models import AccessConfirmation, AccessReview
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.roles import Role


def find_waiting_review(client_id: UUID) -> tuple[AccessReview, int] | None:
    """Return a client's latest open review in which memberships would be locked, and their number; one query."""
    rows = _select_members(OuterRef("client_id"), OuterRef("opened_at"), OuterRef(OuterRef("pk")))
    number = rows.filter(suspended_at=None).order_by().values("client_id").annotate(number=Count("pk")).values("number")
    reviews = AccessReview.objects.filter(client_id=client_id, closed_at=None).annotate(waiting=Subquery(number))
    found: Any = reviews.filter(waiting__gt=0).order_by("-opened_at").first()
    return None if found is None else (found, found.waiting)


def list_to_confirm(review: AccessReview) -> "QuerySet[Membership]":
    """List the memberships, locked ones too, that no one has confirmed in a review and that are older than it."""
    rows = _select_members(review.client_id, review.opened_at, review.pk)
    return rows.select_related("user").order_by("user__email", "pk")


def list_unconfirmed(review: AccessReview) -> "QuerySet[Membership]":
    """List the memberships that would be locked: to be confirmed in a review, and not locked yet."""
    return _select_members(review.client_id, review.opened_at, review.pk).filter(suspended_at=None).order_by("pk")


def has_confirmed_officer(review: AccessReview, *, at: datetime) -> bool:
    """Return True if a privacy officer who was confirmed in a review still has the role, and an enabled account."""
    officers = Membership.objects.active(at).filter(client_id=review.client_id, role=Role.PRIVACY_OFFICER)
    found: bool = officers.filter(_is_confirmed(review.pk), user__is_active=True).exists()
    return found


def _select_members(client_id: Any, opened_at: Any, review: Any) -> "QuerySet[Membership]":
    """Select the unconfirmed members of one review, given by its values or by references to its row."""
    rows = Membership.objects.filter(client_id=client_id, ends_at=None, starts_at__lte=opened_at)
    found: QuerySet[Membership] = rows.filter(~_is_confirmed(review))
    return found


def _is_confirmed(review: Any) -> Exists:
    rows = AccessConfirmation.objects.filter(client_id=OuterRef("client_id"), review=review)
    return Exists(rows.filter(membership_id=OuterRef("pk")))
