"""Lockout by user name and IP address; the counts survive a rollback of the request."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings as live
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone

from paktaleem.directory.staff.sign_in.evidence import _record_own_account_entry
from paktaleem.directory.staff.sign_in.models import Counter
from paktaleem.foundation.accounts.sessions import IDLE_TIMEOUT
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import get_act_name
from paktaleem.foundation.tenancy.context import as_officer, autonomous_transaction, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
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
