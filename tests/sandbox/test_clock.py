"""A sandbox's clock: for that client only, forwards only, read with the context."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from children.guardians.models.guardians import ServiceAuthorisation
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.services.inviting import invite_guardian
from consent.consents.models import Consent, ConsentEvent
from consent.decisions.decision import SHORT_VALIDITY
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import EvaluationRequest, decide_many_with_key, decide_with_key
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Delivery
from paktaleem.directory.webhooks.services import add_endpoint
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET, Client
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.accounts.services import compute_key_digest
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, clock_offset, in_client, in_global, read_in_one_statement
from paktaleem.office.sandbox.services.context import NotASandbox, move_clock
from tests.api.callers import Caller, question
from tests.children.browsers import PORTAL, answer, by_link, latest_link, work
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory
from tests.sandbox.making import Sandbox

YEARS = timedelta(days=3_650)
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


def near(moment, other):
    return abs(moment - other) < timedelta(minutes=30)


def test_it_moves_for_that_client_alone(cast, sandbox):
    told = sandbox.move(days=3650)
    assert told["ahead_seconds"] == YEARS.total_seconds()
    assert near(datetime.fromisoformat(told["now"]), wall_clock_now() + YEARS)
    with in_client(sandbox.id):
        assert near(client_now(), wall_clock_now() + YEARS)
        with in_global():
            assert near(client_now(), wall_clock_now())
        assert clock_offset() == YEARS
    with in_client(cast.client_id("indus")):
        assert near(client_now(), wall_clock_now())
    with as_officer():
        assert near(client_now(), wall_clock_now())
        with in_client(sandbox.id):
            assert near(client_now(), wall_clock_now() + YEARS)
        assert clock_offset() == timedelta()
    assert near(client_now(), wall_clock_now())


def test_the_context_and_its_clock_are_read_in_one_statement(cast, sandbox):
    with in_client(sandbox.id), CaptureQueriesContext(connection) as within:
        client_now()
    assert len(within) == 0
    with CaptureQueriesContext(connection) as opening, in_client(cast.client_id("indus")):
        client_now()
    assert len([one for one in opening if "tenancy_clock_offset" in one["sql"]]) == 1


def test_time_that_passes_has_its_effects(sandbox):
    """A child reaches the age of consent, and a consent expires."""
    call = sandbox.caller
    assert call.reason("p-child", "service_delivery") == "guardian_consent_required"
    assert call.consent("p-adult", "newsletter").status_code == 201
    assert call.reason("p-adult", "newsletter") == "permitted"
    now = datetime.fromisoformat(sandbox.move(to="2040-01-01T00:00:00Z")["now"])
    assert call.reason("p-child", "service_delivery") == "permitted"
    answer = call.ask("p-adult", "newsletter")
    assert answer["context"]["reason"] in {"permitted", "consent_expired"}
    assert near(datetime.fromisoformat(answer["context"]["valid_until"]), now)


def test_recorded_time_is_the_sandboxs_and_the_order_of_things_holds(sandbox):
    """Acts after moving the clock are recorded after earlier ones (decision 0023)."""
    call = sandbox.caller
    call.consent("p-adult", "newsletter")
    sandbox.move(days=400)
    assert call.consent("p-adult", "newsletter", "refused").status_code == 201
    with in_client(sandbox.id):
        first, second = ConsentEvent.objects.order_by("recorded_at")
        assert second.recorded_at - first.recorded_at > timedelta(days=399)
        assert Consent.objects.get().state == "refused"
        assert Entry.objects.filter(kind="consent.refused").get().recorded_at == second.recorded_at
        moved = Entry.objects.get(kind="sandbox.clock_moved")
        assert '"ahead_seconds":34560000' in moved.body
    assert call.reason("p-adult", "newsletter") == "consent_refused"


def test_the_past_may_be_asked_about_and_the_future_not(sandbox):
    sandbox.move(days=400)
    call, asked = sandbox.caller, wall_clock_now() + timedelta(days=300)
    context = {"time": asked.isoformat()}
    assert call.reason("p-adult", "support", context=context) == "permitted"
    far = {"context": {"time": (wall_clock_now() + timedelta(days=500)).isoformat()}}
    question = {
        "subject": {"type": "end_user", "id": "p-adult"},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "support"},
    }
    assert call.post("/access/v1/evaluation", question | far).status_code == 400
    batch = {**question, "evaluations": [{}, far, {"context": context}]}
    answers = call.post("/access/v1/evaluations", batch).json()["evaluations"]
    assert [one["decision"] for one in answers] == [True, False, True]
    assert "future" in answers[1]["context"]["error"]["message"]


def test_keys_live_by_the_real_clock(sandbox):
    """Otherwise a moved clock would lock its owner out."""
    sandbox.move(days=9_000)
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 9_000 * 86_400
    assert sandbox.caller.reason("p-adult", "support") == "permitted"
    assert find_key_actor(sandbox.secret, at=wall_clock_now()) is not None


def test_deliveries_are_due_at_once(sandbox):
    with in_client(sandbox.id):
        add_endpoint(sandbox.id, url="https://lms.example/hooks", events=["consent.*"], actor=SETTING_UP, at=CAST_AT)
    sandbox.move(days=400)
    sandbox.caller.consent("p-adult", "newsletter")
    with in_client(sandbox.id):
        delivery = Delivery.objects.select_related("message").get()
        assert delivery.due_at <= wall_clock_now() + timedelta(minutes=1)
        assert near(delivery.message.happened_at, wall_clock_now() + timedelta(days=400))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": "2040-01-01T00:00:00Z", "days": 1}, "to"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"to": "2040-01-01T00:00:00"}, "to"),
        ({"to": "9999-12-31T00:00:00Z"}, "to"),
        ({"days": -1}, "days"),
        ({"days": MAX_CLOCK_OFFSET.days + 1}, "days"),
        ({"weeks": 1}, "weeks"),
    ],
)
def test_it_runs_forwards_and_not_without_end(sandbox, body, field):
    answer = sandbox.caller.post("/api/v1/sandbox/clock", body)
    assert answer.status_code == 400
    assert field in str(answer.json()["errors"])
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 0


def test_a_clock_that_was_moved_does_not_go_back(sandbox):
    assert sandbox.caller.post("/api/v1/sandbox/clock", {"days": 2}).status_code == 200
    back = (wall_clock_now() + timedelta(days=1)).isoformat()
    refused = sandbox.caller.post("/api/v1/sandbox/clock", {"to": back})
    assert refused.status_code == 400
    assert "to" in str(refused.json()["errors"])
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == timedelta(days=2).total_seconds()


def test_no_other_client_has_one(cast, sandbox):
    for call in (Caller(cast.key("indus")).get, Caller(cast.key("paktaleem")).post):
        answer = call("/api/v1/sandbox/clock")
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:paktaleem:problem:not-a-sandbox"
    with in_client(cast.client_id("indus")), pytest.raises(NotASandbox):
        move_clock(cast.client("indus"), to=wall_clock_now() + YEARS, actor=cast.actor("farah"), at=wall_clock_now())


def move_by_hand(client_id, days):
    """Change the clock without any service."""
    with in_client(client_id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_client SET clock_offset = make_interval(days => %s)", [days])


@pytest.mark.parametrize(("which", "days"), [("indus", 1), ("indus", -1), ("play", -1), ("play", 9_151)])
def test_the_database_refuses_any_other_clock(cast, sandbox, which, days):
    client_id = sandbox.id if which == "play" else cast.client_id(which)
    with pytest.raises(IntegrityError, match="client_clock_moves_in_sandboxes_only"):
        move_by_hand(client_id, days)
    move_by_hand(sandbox.id, 1)
    with in_client(sandbox.id):
        assert clock_offset() == timedelta(days=1)


def statements_of(call, person, path):
    """Query twice, so that the register is compiled; return the statements of the second query."""
    asked = question(person, "support")
    body = asked if path == ONE else {"evaluations": [asked, asked]}
    for _ in range(2):
        with CaptureQueriesContext(connection) as sent:
            assert call.post(path, body).status_code == 200
    return [one["sql"] for one in sent]


@pytest.mark.parametrize("path", [ONE, MANY])
def test_a_sandbox_is_answered_in_one_statement_too(committed, path):
    sandbox = Sandbox()
    sandbox.move(days=1)
    [with_clock] = statements_of(sandbox.caller, "p-adult", path)
    [without] = statements_of(Caller(committed.key("khyber")), "lms-kiran", path)
    assert with_clock.split("(")[0] == without.split("(")[0]


def facts_of(secret, function, people):
    sent = [compute_key_digest(secret), people, wall_clock_now()]
    [[text]] = read_in_one_statement(f"SELECT {function}(%s, %s, %s)", sent)
    return json.loads(text)


@pytest.mark.parametrize(
    ("function", "people"), [("consent_decision_facts", "p-adult"), ("consent_decisions_facts", ["p-adult"])]
)
def test_only_a_sandboxs_facts_have_its_clock(cast, sandbox, function, people):
    assert facts_of(sandbox.secret, function, people)["seconds_ahead"] == 0
    move_by_hand(sandbox.id, 9_000)
    assert facts_of(sandbox.secret, function, people)["seconds_ahead"] == 9_000 * 86_400
    assert facts_of(cast.key("khyber"), function, people)["seconds_ahead"] is None


def test_a_decision_about_now_is_valid_from_the_sandboxs_time_to_the_microsecond(sandbox):
    """The clock's offset is sent as a JSON number."""
    ahead = timedelta(days=9_000, microseconds=123_457)
    with in_client(sandbox.id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_client SET clock_offset = %s::interval", [str(ahead)])
    arrived_at = wall_clock_now()
    about = EvaluationRequest("p-adult", partial(Question, "unknown"))
    one = decide_with_key(sandbox.secret, about, arrived_at=arrived_at)
    assert one.valid_until == arrived_at + ahead + SHORT_VALIDITY
    assert decide_many_with_key(sandbox.secret, [about, about], arrived_at=arrived_at) == [one, one]


@pytest.mark.parametrize("path", [ONE, MANY])
def test_a_key_that_only_looks_like_a_sandboxs_opens_nothing(cast, path):
    answer = Caller("ptk_test_unknown").post(path, question("p-adult", "support"))
    assert answer.status_code == 401


def test_a_clock_is_kept_with_its_history(cast, sandbox):
    sandbox.move(days=1)
    with in_client(sandbox.id):
        version = Client.history.filter(id=sandbox.id).latest("history_date")
        assert version.clock_offset == timedelta(days=1)
        assert version.actor_id == sandbox.key.id
        assert version.history_date < datetime(2100, 1, 1, tzinfo=UTC)


def test_a_guardians_own_page_goes_by_it_too(sandbox):
    sandbox.move(days=30)
    with in_client(sandbox.id):
        told: dict[str, Any] = {"actor": SETTING_UP, "at": client_now()}
        child = Subject.objects.get(external_id="p-child")
        details: dict[str, Any] = {"client": sandbox.client, "role": "guardian", "birth_date": date(1985, 3, 2)}
        guardian = SubjectFactory(**details, external_id="p-parent", email="parent@mail.example", at=client_now())
        authority: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
        row = name_guardian(child, guardian=guardian, **authority, **told)
        verify_guardian(row, method="in_person", evidence="Seen at the office", **told)
        invite_guardian(child, guardian=guardian, portal=PORTAL, **told)
    work()
    page = f"/guardian/child/{child.pk}/service/"
    assert answer(by_link(latest_link()), page, "give").headers["Location"].endswith("given")
    assert sandbox.caller.reason("p-child", "service_delivery") == "permitted"
    with in_client(sandbox.id):
        assert near(ServiceAuthorisation.objects.get().recorded_at, client_now())
