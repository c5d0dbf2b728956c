"""Sessions expire, and a copy of the table opens none."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from paktaleem.directory.staff.sign_in.sessions import SessionStore
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.sessions import IDLE_TIMEOUT, MAX_SESSION_AGE, is_session_expired
from paktaleem.foundation.accounts.staff_services import change_membership, change_user, end_membership, reset_password
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.factories import make_staff
from tests.signing_in import browser_of

START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def opens(browser: Client) -> bool:
    return browser.get("/admin/help/").status_code == 200


@pytest.mark.parametrize(
    ("idle", "age", "over"),
    [
        (IDLE_TIMEOUT - MINUTE, IDLE_TIMEOUT - MINUTE, False),
        (IDLE_TIMEOUT, IDLE_TIMEOUT, True),
        (IDLE_TIMEOUT + MINUTE, IDLE_TIMEOUT + MINUTE, True),
        (timedelta(0), MAX_SESSION_AGE - MINUTE, False),
        (timedelta(0), MAX_SESSION_AGE, True),
        (timedelta(0), MAX_SESSION_AGE + MINUTE, True),
    ],
)
def test_a_session_expires_when_idle_or_too_old(idle, age, over):
    assert is_session_expired(signed_in_at=START - age, seen_at=START - idle, at=START) is over


@pytest.mark.parametrize(("after", "still"), [(IDLE_TIMEOUT - MINUTE, True), (IDLE_TIMEOUT + MINUTE, False)])
def test_a_session_ends_after_half_an_hour_without_use_and_is_deleted(cast, after, still):
    with time_machine.travel(START, tick=False) as clock:
        browser = browser_of(cast.user("amina"))
        clock.shift(timedelta(minutes=10))
        assert opens(browser)
        clock.shift(after)
        assert opens(browser) is still
    with in_global():
        assert Session.objects.exists() is still


@pytest.mark.parametrize(("after", "still"), [(MAX_SESSION_AGE - MINUTE, True), (MAX_SESSION_AGE + MINUTE, False)])
def test_a_session_ends_after_twelve_hours_even_if_used(cast, after, still):
    with time_machine.travel(START, tick=False) as clock:
        browser = browser_of(cast.user("amina"))
        while timezone.now() < START + MAX_SESSION_AGE - 20 * MINUTE:
            clock.shift(20 * MINUTE)
            assert opens(browser)
        clock.move_to(START + after)
        assert opens(browser) is still


def test_sign_in_changes_the_session_key(amina, settings):
    settings.DEMAND_SECOND_FACTOR = False
    amina.browser.get("/admin/login/")
    session = amina.browser.session
    session["planted"] = "by an attacker"
    session.save()
    before = amina.browser.cookies["sessionid"].value if "sessionid" in amina.browser.cookies else session.session_key
    amina.browser.cookies["sessionid"] = before
    amina.enter()
    assert amina.browser.cookies["sessionid"].value != before
    other = Client()
    other.cookies["sessionid"] = before
    assert not opens(other)
    assert opens(amina.browser)


def test_a_session_key_sent_by_the_browser_is_not_adopted(cast):
    browser = Client()
    browser.cookies["sessionid"] = "a" * 32
    browser.get("/admin/login/")
    assert not SessionStore("a" * 32).exists("a" * 32)


def test_a_changed_password_ends_the_other_sessions(cast):
    here, there = browser_of(cast.user("farah")), browser_of(cast.user("farah"))
    assert opens(here)
    assert opens(there)
    fresh = {"new_password1": "another-good-pass-phrase", "new_password2": "another-good-pass-phrase"}
    here.post("/admin/password_change/", {"old_password": cast.user("farah").email, **fresh})
    assert opens(here)
    assert not opens(there)


def reset(user, by):
    reset_password(user, ground="They asked me.", reason=Reason.REVIEW, **by)


def disable(user, by):
    user.is_active = False
    change_user(user, **by)


def end(user, by):
    end_membership(Membership.objects.get(user=user), reason=Reason.REVIEW, **by)


@pytest.mark.parametrize("act", [reset, disable, end])
def test_a_reset_or_disabled_account_and_an_ended_membership_are_refused_on_the_next_request(cast, act):
    browser = browser_of(cast.user("bilal"))
    assert opens(browser)
    with in_client(PAKTALEEM):
        act(cast.user("bilal"), {"actor": cast.actor("amina"), "at": timezone.now()})
    assert not opens(browser)


def test_a_demoted_officer_loses_the_form_on_the_next_request(cast):
    browser = browser_of(cast.user("amina"))
    assert browser.get("/admin/accounts/client/add/").status_code == 200
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id("amina"))
        membership.role = "auditor"
        by = {"actor": cast.actor("amina"), "reason": Reason.REVIEW, "at": timezone.now()}
        change_membership(membership, ground="They asked me.", **by)
    assert browser.get("/admin/accounts/client/add/").status_code == 403


def test_signing_out_ends_the_session_for_copied_cookies_too(cast):
    browser, thief = browser_of(cast.user("amina")), Client()
    thief.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert opens(thief)
    browser.post("/admin/logout/")
    assert not opens(thief)


def test_the_session_table_reveals_no_keys_and_no_users(cast):
    browser = browser_of(cast.user("amina"))
    session = browser.session
    session["note"] = "amina@paktaleem.example"
    session.save()
    with in_global():
        kept = Session.objects.get()
    assert browser.cookies["sessionid"].value not in kept.session_key
    assert "amina" not in kept.session_data
    assert str(cast.user_id("amina")) not in kept.session_data
    copied = Client()
    copied.cookies["sessionid"] = kept.session_key
    assert not opens(copied)


def test_a_session_row_cannot_be_copied_over_another(cast):
    officer, farah = browser_of(cast.user("amina")), browser_of(cast.user("farah"))
    assert officer.get("/admin/").status_code == farah.get("/admin/").status_code == 200
    with in_global():
        one, other = Session.objects.all()
        Session.objects.filter(pk=other.pk).update(session_data=one.session_data)
    assert sorted([opens(officer), opens(farah)]) == [False, True]


class TestSeveralMemberships:
    """Zara works for both clients and chooses one for a session."""

    @pytest.fixture
    def zara(self, cast):
        return browser_of(make_staff(cast.user("farah").email, ("client_admin", cast.client_id("khyber"))))

    def choose(self, browser: Client, cast: Cast, code: str) -> None:
        with in_client(cast.client_id(code)):
            membership = Membership.objects.get(user_id=cast.user_id("farah"), client_id=cast.client_id(code))
        browser.post("/admin/choose/", {"membership": str(membership.id)})

    def test_no_page_opens_before_a_client_is_chosen(self, zara):
        assert zara.get("/admin/", follow=True).redirect_chain[-1][0] == "/admin/choose/"
        assert zara.get("/admin/people/subject/").status_code == 302

    def test_the_chosen_client_is_kept_and_can_be_changed(self, zara, cast):
        danish = f"/admin/people/subject/{cast.subject_id('danish')}/change/"
        self.choose(zara, cast, "indus")
        assert zara.get(danish).status_code == 200
        self.choose(zara, cast, "khyber")
        assert zara.get(danish).status_code == 404

    def test_another_users_membership_can_neither_be_chosen_nor_put_into_the_session(self, zara, cast):
        with in_client(PAKTALEEM):
            foreign = Membership.objects.get(user_id=cast.user_id("amina"))
        assert zara.post("/admin/choose/", {"membership": str(foreign.id)}).status_code == 200
        assert not opens(zara)
        session = zara.session
        session["membership"] = str(foreign.id)
        session.save()
        assert not opens(zara)

    def test_a_chosen_membership_that_ends_ends_every_session(self, zara, cast):
        self.choose(zara, cast, "khyber")
        assert opens(zara)
        with in_client(cast.client_id("khyber")):
            membership = Membership.objects.get(user_id=cast.user_id("farah"), client_id=cast.client_id("khyber"))
            end_membership(membership, actor=cast.actor("amina"), reason=Reason.REVIEW, at=timezone.now())
        assert not opens(zara)
        assert zara.get("/admin/")["Location"].startswith("/admin/login/")


def test_api_responses_do_not_depend_on_cookies(cast):
    answer = Client().get("/api/v1/purposes", headers={"Authorization": f"Bearer {cast.key('indus')}"})
    assert answer.status_code == 200
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/key/a-b/"]
)
def test_pages_of_the_sign_in_are_stored_nowhere(db, path):
    browser = Client()
    for answer in (browser.get(path), browser.post(path, {"email": "nobody@school.example"})):
        assert "no-store" in answer.headers["Cache-Control"], path
