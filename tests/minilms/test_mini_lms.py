"""The reference client beside a served portal with a worker: what is ordered is really done there, and answered so."""

import json
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.services import withdraw_consent
from paktaleem.demo.supervision import running
from paktaleem.ledger.by import Reason
from paktaleem.subjects.models import Subject
from paktaleem.systems.models import Ground, Order, OrderKind
from paktaleem.systems.selectors import parts_of
from paktaleem.systems.services import Told, issue_orders, open_part
from paktaleem.tenancy.context import in_client
from retention.models import Holding
from tests.factories import SETTING_UP, SubjectFactory
from tests.minilms.connecting import Platform, until
from tests.serving import environment_of_server, served

KIRAN, GHOST = "lms-kiran", "lms-ghost"
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]
NEWSLETTER = "SELECT * FROM decision WHERE person = ? AND purpose = 'newsletter'"


@pytest.fixture
def platform(committed, monkeypatch, tmp_path):
    """The mini-LMS of Khyber, connected to the portal as it is served."""
    lms = Platform(tmp_path, committed.key("khyber"))
    for name, value in (environment_of_server() | {"WEBHOOKS_ALLOWED": lms.address}).items():
        monkeypatch.setenv(name, value)
    with served(tmp_path / "web") as port:
        yield lms.connect(port)


def order(cast, kind, person=KIRAN, categories=("usage_logs", "content"), new_values=None):
    """Order something of the platform about a person; returns the order's id."""
    at = timezone.now()
    told = Told(
        kind=OrderKind(kind),
        categories=frozenset(categories),
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + timedelta(days=20),
    )
    with in_client(cast.client_id("khyber")):
        about = Subject.objects.get(external_id=person)
        made = issue_orders(about, told, new_values=new_values, actor=SETTING_UP, at=at)
        return next(one.pk for one in made if one.system.code == "lms")


def found(cast, pk):
    with in_client(cast.client_id("khyber")):
        return Order.objects.get(pk=pk)


def answer(cast, pk):
    """Wait for the answer to an order."""
    until(lambda: not found(cast, pk).is_open)
    return found(cast, pk).state, found(cast, pk).result


def test_the_platform_keeps_to_the_portal(committed, platform, tmp_path):
    it_asks_before_processing_and_records_what_was_answered(committed, platform)
    by_polling_it_gives_all_it_holds_and_corrects(committed, platform)
    with platform.receiving(), running([("worker", WORKER)], tmp_path / "worker"):
        a_withdrawal_reaches_it_and_stops_the_use_at_once(committed, platform)
        it_restricts_and_goes_on(committed, platform)
        somebody_it_does_not_know_is_not_found(committed, platform)
        it_really_erases(committed, platform)


def it_asks_before_processing_and_records_what_was_answered(cast, lms):
    lms.do("register", KIRAN, "--full-name", "Kiran Tarin", "--email", "kiran.tareen@mail.example")
    assert lms.do("ask", KIRAN, "newsletter") == "no: consent_missing"
    assert "May we use your data for newsletter?" in lms.do("consent", KIRAN, "newsletter", "given")
    assert lms.do("ask", KIRAN, "newsletter") == "yes: permitted"
    for what in ("opened Algebra", "closed Algebra"):
        assert lms.do("record", KIRAN, "usage_logs", what) == "kept"
    assert lms.do("record", KIRAN, "content", "an essay") == "kept"
    assert lms.do("record", "lms-nobody", "content", "an essay") == "not kept: subject_unknown"
    assert held_as_reported(cast) == {"content": 1, "usage_logs": 2}


def held_as_reported(cast):
    with in_client(cast.client_id("khyber")):
        return dict(Holding.objects.filter(ended_at=None).values_list("category", "count"))


def by_polling_it_gives_all_it_holds_and_corrects(cast, lms):
    collect = order(cast, "collect", categories=("usage_logs", "content", "contact_details"))
    correct = order(cast, "correct", categories=("contact_details",), new_values={"full_name": "Kiran Tareen"})
    held = lms.shows(KIRAN)
    assert lms.do("orders") == "2 carried out; ask again in 60 s"
    assert given(cast, collect) == held
    assert len(held["usage_logs"]) == 2
    assert (found(cast, correct).state, found(cast, correct).result) == ("confirmed", {"corrected": ["full_name"]})
    assert lms.shows(KIRAN)["contact_details"][0]["full_name"] == "Kiran Tareen"
    assert lms.do("orders") == "0 carried out; ask again in 60 s"


def given(cast, pk):
    """What the platform gave for a collect order, as an officer opens it."""
    with in_client(cast.client_id("khyber")):
        parts = parts_of(Order.objects.get(pk=pk))
        by = {"actor": cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": timezone.now()}
        return {part.category: json.loads(b"".join(open_part(part, **by))) for part in parts}


def a_withdrawal_reaches_it_and_stops_the_use_at_once(cast, lms):
    assert lms.do("ask", KIRAN, "newsletter") == "yes: permitted"
    [remembered] = lms.rows(NEWSLETTER, KIRAN)
    assert remembered["allowed"]
    with in_client(cast.client_id("khyber")):
        kiran = Subject.objects.get(external_id=KIRAN)
        withdraw_consent(kiran, purpose="newsletter", actor=SETTING_UP, at=timezone.now())
    until(lambda: not lms.rows(NEWSLETTER, KIRAN))
    assert lms.do("ask", KIRAN, "newsletter") == "no: consent_withdrawn"


def it_restricts_and_goes_on(cast, lms):
    assert answer(cast, order(cast, "restrict")) == ("confirmed", {})
    assert lms.do("ask", KIRAN, "service_delivery") == "no: restricted_here"
    assert answer(cast, order(cast, "lift_restriction")) == ("confirmed", {})
    assert lms.do("ask", KIRAN, "service_delivery") == "yes: permitted"


def somebody_it_does_not_know_is_not_found(cast, lms):
    with in_client(cast.client_id("khyber")):
        SubjectFactory(client=cast.client("khyber"), external_id=GHOST)
    assert answer(cast, order(cast, "erase", person=GHOST)) == ("not_found", {})


def it_really_erases(cast, lms):
    erase = order(cast, "erase", categories=("usage_logs", "content", "contact_details"))
    counts = {"contact_details": 1, "content": 1, "usage_logs": 2}
    assert answer(cast, erase) == ("confirmed", {"counts": counts})
    assert lms.shows(KIRAN) == held_as_reported(cast) == {}
    assert lms.rows("SELECT * FROM record WHERE person = ?", KIRAN) == []
    kept = lms.rows("SELECT answer FROM carried_out WHERE answer LIKE '%Algebra%' OR answer LIKE '%essay%'")
    assert kept == [], "what was given is not kept here either"
