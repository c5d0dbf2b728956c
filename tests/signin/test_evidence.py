"""Evidence of sign-ins in PakTaleem's own ledger: user and factors, no address in clear."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from paktaleem.directory.staff.sign_in.evidence import record_sign_out
from paktaleem.foundation.accounts.sessions import IDLE_TIMEOUT
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import get_act_name
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.signin.test_lockout import ELSEWHERE, HERE, Aborted, at_address, fail
from tests.signin.visiting import Visitor
from tests.signing_in import browser_of

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


def test_a_wrong_password_records_no_sign_in(cast, amina):
    amina.enter("wrong")
    assert entries("sign_in.succeeded") == []


def test_the_end_of_a_session_is_recorded_with_its_cause(cast):
    browser_of(cast.user("farah")).post("/admin/logout/")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        idle = browser_of(cast.user("farah"))
        clock.shift(IDLE_TIMEOUT + timedelta(minutes=1))
        idle.get("/admin/")
    farah = str(cast.user_id("farah"))
    assert [one["facts"] for one in entries("sign_in.ended")] == [
        {"user": farah, "because": "signed_out"},
        {"user": farah, "because": "over"},
    ]


def test_an_anonymous_sign_out_records_nothing(db):
    Client().post("/admin/logout/")
    assert entries("sign_in.ended") == []


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


def test_a_lockout_of_an_address_is_recorded_once(cast, settings):
    settings.FAILURES_OF_AN_ADDRESS = 6
    for number in range(8):
        at_address(f"someone{number}@paktaleem.example", HERE).enter("wrong")
    assert [one["facts"]["closed"] for one in entries(LOCKED)] == ["address"]


def test_a_lockout_of_the_second_factor_is_recorded_once(cast, enrolled_amina):
    enrolled_amina.enter()
    for _ in range(5):
        enrolled_amina.verify("000000")
    assert entries(LOCKED) == []
    for _ in range(3):
        enrolled_amina.verify()
    [entry] = entries(LOCKED)
    assert entry["facts"]["closed"] == "second_factor"
    assert entry["facts"]["user"] == str(cast.user_id("amina"))


def test_a_lockout_stays_recorded_when_the_request_rolls_back(committed: Cast) -> None:
    visitor = Visitor(committed.user("amina").email)
    with suppress(Aborted), in_global():
        fail(visitor, 5)
        raise Aborted
    assert [one["facts"]["closed"] for one in entries(LOCKED)] == ["name"]


def test_a_rolled_back_sign_in_is_not_recorded(committed: Cast, settings: Any) -> None:
    settings.DEMAND_SECOND_FACTOR = False
    with suppress(Aborted), in_global():
        Visitor(committed.user("amina").email).enter()
        raise Aborted
    assert entries("sign_in.succeeded") == []


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_sign_out_is_recorded_from_every_context_without_changing_it(cast, name, now):
    """The entry is written to PakTaleem's ledger from an officer's read-only context and from a client's."""
    with as_officer() if name == "amina" else in_client(cast.client_id("indus")):
        before = Entry.objects.count()
        record_sign_out(cast.user(name), is_over=False, at=now)
        assert Entry.objects.count() == before + (1 if name == "amina" else 0)
    assert len(entries("sign_in.ended")) == 1
