"""Lockout by user name and IP address; the counts survive a rollback of the request."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings as live
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone

from paktaleem.directory.staff.sign_in.evidence import _record_own_account_entry
from paktaleem.directory.staff.sign_in.models import Counter
from paktaleem.directory.staff.sign_in.sessions import SessionStore
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.sessions import IDLE_TIMEOUT, MAX_SESSION_AGE, is_session_expired
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.accounts.staff_services import change_membership, change_user, end_membership, reset_password
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import get_act_name
from paktaleem.foundation.tenancy.context import as_officer, autonomous_transaction, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.factories import make_staff
from tests.signin.visiting import SIGN_IN, Visitor
from tests.signing_in import browser_of

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def at_address(email: str, address: str) -> Visitor:
    return Visitor(email, REMOTE_ADDR=address)


def failures() -> int:
    with autonomous_transaction():
        return sum(AccessAttempt.objects.values_list("failures_since_start", flat=True))


def fail(visitor: Visitor, times: int) -> list[int]:
    return [visitor.enter("wrong").status_code for _ in range(times)]


def test_after_five_failures_the_right_password_is_refused(cast):
    visitor = at_address(cast.user("amina").email, HERE)
    assert fail(visitor, 5) == [200, 200, 200, 200, 429]
    answer = visitor.enter()
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "Wait 15 minutes" in answer.content.decode()
    assert "_auth_user_id" not in visitor.browser.session


def test_an_address_that_is_none_is_marked_as_wrong_and_not_as_missing(cast):
    page = at_address("amina@x", HERE).enter("wrong").content.decode()
    assert "Correct what is marked below." in page
    assert "Enter a valid email address." in page


def test_signing_in_resets_four_failures(cast, settings):
    settings.DEMAND_SECOND_FACTOR = False
    visitor = at_address(cast.user("amina").email, HERE)
    fail(visitor, 4)
    assert visitor.enter().status_code == 302
    assert failures() == 0


def test_failures_at_another_address_lock_no_colleague_out(cast):
    fail(at_address(cast.user("amina").email, ELSEWHERE), 20)
    assert at_address(cast.user("amina").email, HERE).enter().status_code == 302


def test_an_address_that_tries_many_names_is_locked_out_which_is_recorded_once(cast, settings):
    settings.FAILURES_OF_AN_ADDRESS = 6
    for number in range(8):
        at_address(f"someone{number}@paktaleem.example", HERE).enter("wrong")
    assert [one["facts"]["closed"] for one in entries(LOCKED)] == ["address"]
    assert at_address(cast.user("amina").email, HERE).enter().status_code == 429
    assert at_address(cast.user("amina").email, ELSEWHERE).enter().status_code == 302


def test_an_operator_ends_a_lockout_early(cast, capsys):
    visitor = at_address(cast.user("amina").email, HERE)
    fail(visitor, 5)
    call_command("axes_reset_username", cast.user("amina").email)
    assert capsys.readouterr().out.startswith("1 attempts removed")
    assert visitor.enter().status_code == 302


def test_unknown_and_known_names_are_locked_out_alike_in_any_spelling(cast):
    email = cast.user("amina").email
    known = fail(at_address(email, HERE), 3) + fail(at_address(email.upper(), HERE), 3)
    assert known == fail(at_address("nobody@paktaleem.example", HERE), 6) == [200] * 4 + [429] * 2


def test_passwords_and_codes_are_not_stored_with_the_failure(cast):
    Visitor(cast.user("amina").email).enter("a-pass-phrase-nearly-right")
    with autonomous_transaction():
        [kept] = AccessAttempt.objects.all()
    assert "nearly-right" not in f"{kept.get_data}{kept.post_data}"
    assert kept.username == cast.user("amina").email


def test_failures_at_reauthentication_are_counted(amina):
    amina.enter()
    for _ in range(4):
        amina.browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert failures() == 4


class Aborted(Exception):
    """Aborts the request."""


def test_failure_counts_survive_a_rollback_of_the_request(committed):
    visitor = Visitor(committed.user("amina").email)
    with suppress(Aborted), in_client(committed.client_id("indus")):
        visitor.enter("wrong")
        cache.add("tried", 1, 60)
        raise Aborted
    assert failures() == 1
    assert cache.get("tried") == 1


def test_on_the_requests_connection_the_count_is_rolled_back(committed, settings):
    settings.ASIDE_DATABASE = "default"
    visitor = Visitor(committed.user("amina").email)
    with suppress(Aborted), in_global():
        visitor.enter("wrong")
        raise Aborted
    assert failures() == 0


def test_the_autonomous_connection_is_the_app_role_without_a_client(committed):
    indus = committed.client_id("indus")
    with in_client(indus), autonomous_transaction() as alias, connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('paktaleem.client', true)")
        assert cursor.fetchone() == ("paktaleem_app", "")
    assert live.ASIDE_DATABASE == "aside"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "", HERE, HERE),
        (0, "198.51.100.7", HERE, HERE),
        (1, "198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (1, "1.1.1.1, 198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (2, "1.1.1.1, 198.51.100.7, 10.0.0.2", "10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1", None),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (0, "", "::ffff:192.0.2.9", "192.0.2.9"),
        (0, "", "", None),
    ],
)
def test_the_client_address_is_read_through_trusted_proxies_only(settings, proxies, forwarded, remote, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(SIGN_IN, REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})
    assert get_remote_address(request) == expected


def test_counters_work_as_a_django_cache_under_keyed_hashes(db):
    cache.set("amina@paktaleem.example", [1.5], 60)
    with in_global():
        [kept] = Counter.objects.all()
    assert (kept.value, "amina" in kept.key, len(kept.key)) == ([1.5], False, 64)
    assert cache.add("one", "y", 60) is True
    assert cache.add("one", "z", 60) is False
    assert cache.get("one") == "y"
    assert cache.touch("one", -1) is True
    assert cache.get("one", "gone") == "gone"
    assert cache.add("one", "z", 60) is True
    assert cache.delete("one") is True
    assert cache.delete("one") is False


LOCKED = "sign_in.locked_out"


def entries(kind: str) -> list[Any]:
    with in_client(PAKTALEEM):
        return [json.loads(one.body) for one in Entry.objects.filter(kind=kind).order_by("recorded_at", "id")]


def test_a_sign_in_is_recorded_with_user_and_factors(cast, enrolled_amina):
    enrolled_amina.enter()
    assert entries("sign_in.succeeded") == []
    enrolled_amina.verify()
    [entry] = entries("sign_in.succeeded")
    amina = str(cast.user_id("amina"))
    assert entry["facts"] == {"user": amina, "proofs": ["password", "totp"]}
    assert entry["actor"] == {"kind": "user", "id": amina, "role": "own_account"}
    assert entry["client"] == str(PAKTALEEM)
    assert "@" not in json.dumps(entry)


def test_the_end_of_a_session_is_recorded_with_its_cause(cast):
    browser_of(cast.user("farah")).post("/admin/logout/")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        idle = browser_of(cast.user("farah"))
        clock.shift(IDLE_TIMEOUT + timedelta(minutes=1))
        idle.get("/admin/")
    Client().post("/admin/logout/")  # of no one
    ended = [{"user": str(cast.user_id("farah")), "because": because} for because in ("signed_out", "over")]
    assert [one["facts"] for one in entries("sign_in.ended")] == ended


def test_officers_and_auditors_see_sign_ins_and_clients_do_not(cast, amina, settings):
    settings.DEMAND_SECOND_FACTOR = False
    Visitor(cast.user("farah").email).enter()
    listed = "/admin/audit/entry/?act=sign_in"
    for name, number in (("amina", 1), ("bilal", 1), ("farah", 0)):
        page = browser_of(cast.user(name)).get(listed).content.decode()
        seen = get_act_name("sign_in.succeeded") in page and f"{cast.user('farah').email}, own account" in page
        assert seen is (number == 1), name


@pytest.mark.parametrize("known", [True, False])
def test_a_lockout_of_a_name_is_recorded_once_with_hashes(cast, known):
    email = cast.user("amina").email if known else "nobody@paktaleem.example"
    fail(at_address(email, HERE), 4)
    assert entries(LOCKED) == []
    fail(at_address(email, HERE), 4)
    [entry] = entries(LOCKED)
    assert (entry["facts"]["closed"], entry["facts"]["user"]) == ("name", str(cast.user_id("amina")) if known else None)
    assert entry["actor"]["kind"] == "system"
    assert not [told for told in (email, "amina", "nobody", HERE) if told in json.dumps(entry)]


def test_hashes_distinguish_names_and_addresses(cast):
    for address, email in ((HERE, "one@x.example"), (HERE, "two@x.example"), (ELSEWHERE, "one@x.example")):
        fail(at_address(email, address), 5)
    one, two, elsewhere = (entry["facts"] for entry in entries(LOCKED))
    assert one["address"] == two["address"] != elsewhere["address"]
    assert one["name"] == elsewhere["name"] != two["name"]


def test_a_lockout_of_the_second_factor_is_recorded_once(cast, enrolled_amina):
    enrolled_amina.enter()
    for _ in range(5):
        enrolled_amina.verify("000000")
    assert entries(LOCKED) == []
    assert "Too many" in enrolled_amina.verify().content.decode()
    for _ in range(2):
        enrolled_amina.verify()
    assert not enrolled_amina.is_in
    [entry] = entries(LOCKED)
    assert entry["facts"]["closed"] == "second_factor"
    assert entry["facts"]["user"] == str(cast.user_id("amina"))


def test_a_lockout_stays_recorded_when_the_request_rolls_back(committed):
    visitor = Visitor(committed.user("amina").email)
    with suppress(Aborted), in_global():
        fail(visitor, 5)
        raise Aborted
    assert [one["facts"]["closed"] for one in entries(LOCKED)] == ["name"]


def test_a_rolled_back_sign_in_is_not_recorded(committed, settings):
    settings.DEMAND_SECOND_FACTOR = False
    with suppress(Aborted), in_global():
        Visitor(committed.user("amina").email).enter()
        raise Aborted
    assert entries("sign_in.succeeded") == []


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_sign_out_is_recorded_from_every_context_without_changing_it(cast, name, now):
    with as_officer() if name == "amina" else in_client(cast.client_id("indus")):
        before = Entry.objects.count()
        _record_own_account_entry("sign_in.ended", cast.user(name).pk, {"because": "signed_out"}, now)
        assert Entry.objects.count() == before + (1 if name == "amina" else 0)
    assert len(entries("sign_in.ended")) == 1


# Sessions expire, and a copy of the table opens none.


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
