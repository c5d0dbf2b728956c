"""Each quarter, administrators confirm who has access; what no one confirms is locked after notice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.staff.access_reviews.models import TIME_TO_CONFIRM, AccessReview
from paktaleem.directory.staff.access_reviews.services import advance_reviews, confirm_access
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, system_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.client_services import suspend_membership
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.console.pages import list_url, row_url
from tests.factories import make_staff
from tests.mail.server import run_staff_emails

TASK = system_actor("access_reviews.advance")
OPENED = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
"""Five in the morning of the quarter's first day in Karachi."""
DAY = timedelta(days=1)
LOCKED = OPENED + TIME_TO_CONFIRM


def advance(client_id: UUID, at: datetime) -> None:
    with in_client(client_id):
        advance_reviews(client_id, actor=TASK, at=at)


def only_review(client_id: UUID) -> AccessReview:
    with in_client(client_id):
        return AccessReview.objects.get()


def confirm(review: AccessReview, names: list[str], cast: Cast, actor: Actor, at: datetime) -> int:
    with in_client(review.client_id):
        rows = Membership.objects.filter(user_id__in=[cast.user_id(name) for name in names], ends_at=None)
        keys = list(rows.values_list("pk", flat=True))
        return confirm_access(review, keys, actor=actor, reason="review", at=at)


def may_sign_in(cast: Cast, name: str, client_id: UUID, at: datetime) -> bool:
    return client_id in {one.client_id for one in list_memberships(cast.user_id(name), at=at)}


@pytest.fixture
def celia(cast):
    make_staff(cast.user("celia").email, ("client_admin", cast.client_id("indus")))
    return user_actor(cast.user_id("celia"), "client_admin", cast.client_id("indus"))


def test_a_review_is_opened_and_locks_what_is_not_confirmed(cast, celia):
    indus = cast.client_id("indus")
    advance(indus, OPENED - timedelta(hours=6))  # still September in Karachi: the review of the third quarter
    with in_client(indus):
        AccessReview.objects.update(closed_at=OPENED)
    for at in (OPENED, OPENED + DAY):
        advance(indus, at)
    with in_client(indus):
        third, fourth = AccessReview.objects.order_by("quarter")
        assert (third.quarter, fourth.quarter) == (date(2026, 7, 1), date(2026, 10, 1))
        assert fourth.locks_on == date(2026, 10, 22)
    assert confirm(fourth, ["celia"], cast, celia, OPENED + DAY) == 1
    advance(indus, LOCKED - timedelta(hours=6))
    assert may_sign_in(cast, "farah", indus, LOCKED)
    advance(indus, LOCKED)
    assert not may_sign_in(cast, "farah", indus, LOCKED)
    assert may_sign_in(cast, "celia", indus, LOCKED)
    with in_client(indus):
        fourth.refresh_from_db()
        assert (fourth.locked_count, fourth.closed_at) == (1, LOCKED)
        kinds = list(Entry.objects.filter(kind__contains="suspended").values_list("kind", flat=True))
        assert kinds == ["membership.suspended"]
        assert Entry.objects.filter(kind="access_review.locked").count() == 1
    assert confirm(fourth, ["farah"], cast, celia, LOCKED + DAY) == 1
    assert may_sign_in(cast, "farah", indus, LOCKED + DAY)
    with in_client(indus):
        versions = Membership.history.filter(user_id=cast.user_id("farah")).order_by("history_date")
        assert [one.suspended_at is not None for one in versions] == [False, True, False]


def test_an_officer_restores_when_no_one_of_the_client_confirmed(cast):
    indus = cast.client_id("indus")
    for at in (OPENED, LOCKED):
        advance(indus, at)
    assert not may_sign_in(cast, "farah", indus, LOCKED)
    confirm(only_review(indus), ["farah"], cast, cast.actor("amina"), LOCKED)
    assert may_sign_in(cast, "farah", indus, LOCKED)


def test_a_confirmed_list_is_closed_and_not_locked(cast):
    indus = cast.client_id("indus")
    advance(indus, OPENED)
    confirm(only_review(indus), ["farah"], cast, cast.actor("farah"), OPENED)
    assert only_review(indus).closed_at == OPENED
    advance(indus, LOCKED)
    assert only_review(indus).locked_count == 0
    assert may_sign_in(cast, "farah", indus, LOCKED)


def test_after_an_outage_a_review_opens_late_and_locks_three_weeks_later(cast):
    indus, late = cast.client_id("indus"), LOCKED + 30 * DAY
    advance(indus, late)
    advance(indus, late + TIME_TO_CONFIRM - DAY)
    assert may_sign_in(cast, "farah", indus, late + TIME_TO_CONFIRM)
    advance(indus, late + TIME_TO_CONFIRM)
    assert not may_sign_in(cast, "farah", indus, late + TIME_TO_CONFIRM)


def test_the_last_officers_of_paktaleem_are_not_locked_but_other_staff_are(cast):
    for at in (OPENED, LOCKED):
        advance(PAKTALEEM, at)
    assert may_sign_in(cast, "amina", PAKTALEEM, LOCKED)
    assert not may_sign_in(cast, "sana", PAKTALEEM, LOCKED)


def test_officers_are_not_locked_if_the_only_confirmed_one_was_disabled(cast):
    make_staff("omar@paktaleem.example", ("privacy_officer", PAKTALEEM))
    advance(PAKTALEEM, OPENED)
    confirm(only_review(PAKTALEEM), ["amina"], cast, cast.actor("amina"), OPENED)
    with in_client(PAKTALEEM):
        User.objects.filter(pk=cast.user_id("amina")).update(is_active=False)
    advance(PAKTALEEM, LOCKED)
    with in_client(PAKTALEEM):
        assert Membership.objects.get(user__email="omar@paktaleem.example").suspended_at is None


def test_a_member_who_joined_after_the_opening_is_confirmed_in_the_next_review(cast):
    indus = cast.client_id("indus")
    advance(indus, OPENED)
    review = only_review(indus)
    make_staff(cast.user("celia").email, ("client_admin", indus), at=OPENED + DAY)
    with pytest.raises(Refused, match="None of these memberships is waiting any more"):
        confirm(review, ["celia"], cast, cast.actor("farah"), OPENED + 2 * DAY)
    advance(indus, LOCKED)
    assert may_sign_in(cast, "celia", indus, LOCKED)


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_other_roles_and_other_clients_confirm_nothing_nor_memberships_of_others(cast, name):
    indus = cast.client_id("indus")
    advance(indus, OPENED)
    foreign = cast.get(Membership, "khyber").pk
    with in_client(indus), pytest.raises(Refused, match="None of these memberships is waiting any more"):
        confirm_access(only_review(indus), [foreign], actor=cast.actor("farah"), reason="review", at=OPENED)
    with pytest.raises(NotAllowed):
        confirm(only_review(indus), ["farah"], cast, cast.actor(name), OPENED)
    with in_client(indus):
        assert AccessReview.objects.get().confirmed == []
        with pytest.raises(NotAllowed):
            suspend_membership(Membership.objects.get(), actor=cast.actor("farah"), at=OPENED)


def test_administrators_get_an_email_with_the_day_and_the_first_page_shows_it(cast, sign_in):
    indus = cast.client_id("indus")
    advance(indus, OPENED)
    review = only_review(indus)
    run_staff_emails()
    with in_client(indus):
        assert Letter.objects.get(kind="access_review_due").user_id == cast.user_id("farah")
    farah = sign_in("farah")
    assert "confirm who has access, or it is locked" in farah.get("/admin/").content.decode()
    url = row_url("staff/accessreview", review.pk, "confirm")
    page = farah.get(url).content.decode()
    assert ("farah@indus.example" in page, "celia@khyber.example" in page) == (True, False)
    with in_client(indus):
        own: Any = Membership.objects.get().pk
    assert farah.post(url, {"memberships": [str(own)], "reason": "review"}).status_code == 302
    assert "confirm who has access, or it is locked" not in farah.get("/admin/").content.decode()
    assert "2026 Q4" in farah.get(list_url("staff/accessreview")).content.decode()
