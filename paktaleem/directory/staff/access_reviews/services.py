"""Services of reviews of access: opened each quarter, confirmed by people, locked after notice."""

# Memberships that no one confirms are locked, not ended: otherwise an administrator on leave would have to be invited
# again. The day of the lock counts from the day on which the review opened, so that an outage shortens no notice.

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from paktaleem.directory.mail.services import declare_message, enqueue_staff_email
from paktaleem.directory.staff.access_reviews.models import TIME_TO_CONFIRM, AccessReview
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.client_services import restore_membership, suspend_membership
from paktaleem.foundation.accounts.models import Client, Membership
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM

REVIEW_DUE = declare_message("access_review_due", fields=("day", "url"))
"""Email to administrators that a review of access is opened."""


@transaction.atomic
def advance_reviews(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Open this quarter's review, or lock what was not confirmed by its day, in the client's context (policy §5).

    ``at`` is on the client's clock. A sandbox has no review: moving its clock would lock its developers. Idempotent.
    """
    require(actor, Capability.RUN_TASKS, client_id)
    advisory_lock(f"access_reviews/{client_id}")
    client = Client.objects.get(pk=client_id)
    if client.is_sandbox:
        return
    today = client.day_at(at)
    due = AccessReview.objects.select_for_update().filter(client=client, closed_at=None, locks_on__lte=today)
    for review in due.order_by("opened_at"):
        _lock(review, actor, at)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    if not AccessReview.objects.filter(client=client, quarter__gte=quarter).exists():
        _open(client, quarter, today, actor, at)


def _open(client: Client, quarter: date, today: date, actor: Actor, at: datetime) -> None:
    opened_at = to_wall_clock(at)
    if not Membership.objects.active(opened_at).filter(client=client).exists():
        return
    review = AccessReview(client=client, quarter=quarter, locks_on=today + TIME_TO_CONFIRM, opened_at=opened_at)
    review.save(force_insert=True)
    _record("access_review.opened", review, actor, at, locks_on=review.locks_on.isoformat())
    enqueue_staff_email(
        REVIEW_DUE,
        client_id=review.client_id,
        row_id=review.pk,
        page="staff_accessreview_confirm",
        roles=[Role.PRIVACY_OFFICER if review.client_id == PAKTALEEM else Role.CLIENT_ADMIN],
        day=review.locks_on.isoformat(),
    )


def _lock(review: AccessReview, actor: Actor, at: datetime) -> None:
    """Suspend what no one confirmed; privacy officers only if a confirmed one is left, who can restore the others."""
    now, rows = to_wall_clock(at), list_unconfirmed(review)
    if review.client_id == PAKTALEEM:
        officers = Membership.objects.active(now).filter(client_id=PAKTALEEM, role=Role.PRIVACY_OFFICER)
        if not officers.filter(pk__in=review.confirmed, user__is_active=True).exists():
            rows = rows.exclude(role=Role.PRIVACY_OFFICER)
    suspended = [str(one.pk) for one in rows if suspend_membership(one, actor=actor, at=now)]
    review.locked_count, review.closed_at = len(suspended), now
    review.save(update_fields=["locked_count", "closed_at"])
    if suspended:
        _record("access_review.locked", review, actor, at, memberships=suspended)


def _lock_review(review: AccessReview) -> AccessReview:
    advisory_lock(f"access_reviews/{review.client_id}")
    return AccessReview.objects.select_for_update().get(pk=review.pk, client_id=review.client_id)


def _check_unconfirmed(review: AccessReview, _actor: Actor, _at: datetime) -> None:
    if review.closed_at is not None and not review.locked_count:
        raise Refused(_("None of these memberships is waiting any more. Open the review again."))


@act(
    "confirm",
    "Confirm access",
    Capability.DECIDE_FOR_CLIENT,
    lead="You confirm that each selected person still needs access, with their role. Locked memberships are restored.",
    done="Access is confirmed.",
    wall_clock=True,
    lock=_lock_review,
    check=_check_unconfirmed,
)
def confirm_access(
    review: AccessReview, memberships: Collection[UUID], *, actor: Actor, reason: Reason | str, at: datetime
) -> int:
    """Confirm that these members still need access, and restore locked ones (policy §5); return how many.

    ``at`` is on the system clock. Raises Refused, NotAllowed.
    """
    rows = list(list_to_confirm(review).filter(pk__in=memberships))
    if not rows:
        raise Refused(_("None of these memberships is waiting any more. Open the review again."))
    for membership in rows:
        restore_membership(membership, actor=actor, reason=reason, at=at)
    review.confirmed = [*review.confirmed, *(one.pk for one in rows)]
    if review.closed_at is None and not list_unconfirmed(review).exists():
        review.closed_at = at
    review.save(update_fields=["confirmed", "closed_at"])
    facts = {"review": str(review.pk), "memberships": sorted(str(one.pk) for one in rows)}
    record_entry("access_review.confirmed", client_id=review.client_id, facts=facts, actor=actor, at=at)
    return len(rows)


def _record(kind: str, review: AccessReview, actor: Actor, at: datetime, **facts: object) -> None:
    values = {"review": str(review.pk), "quarter": review.quarter.isoformat(), **facts}
    record_entry(kind, client_id=review.client_id, facts=values, actor=actor, at=at)


def list_to_confirm(review: AccessReview) -> QuerySet[Membership]:
    """List the memberships, locked ones too, that no one has confirmed in a review and that are older than it."""
    rows = Membership.objects.filter(client_id=review.client_id, ends_at=None, starts_at__lte=review.opened_at)
    found: QuerySet[Membership] = rows.exclude(pk__in=review.confirmed).select_related("user")
    return found.order_by("user__email", "pk")


def list_unconfirmed(review: AccessReview) -> QuerySet[Membership]:
    """List the memberships that would be locked: to be confirmed in a review, and not locked yet."""
    return list_to_confirm(review).filter(suspended_at=None)
