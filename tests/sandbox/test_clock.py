"""A sandbox's clock: for that client only, forwards only, in jobs, erasures and officers' lists."""

import ast
import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from children.guardians.models import ServiceAuthorisation
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.services.inviting import invite_guardian
from consent.agreements.services import suspend_agreement
from consent.consents.models import Consent, ConsentEvent
from consent.decisions.decision import SHORT_VALIDITY
from consent.decisions.facts import Question
from consent.decisions.log import decision_log
from consent.decisions.selectors.decisions import EvaluationRequest, decide_many_with_key, decide_with_key
from consent.register.models.agreements import Instruction, ServiceAgreement
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import GRACE, send_message
from paktaleem.directory.mail.tasks import requeue_stalled
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.directory.people.tasks import complete_answered_erasures
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Message
from paktaleem.directory.webhooks.services import add_endpoint, replay_since
from paktaleem.foundation.accounts.actors import Authorship, user_actor
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET, Client
from paktaleem.foundation.accounts.selectors import find_key_actor, list_due_clients
from paktaleem.foundation.accounts.services import compute_key_digest
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, clock_offset, in_client, in_global, read_in_one_statement
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.reports.use import count_days, list_findings
from retention.disposals.services.batches import SWEEP
from retention.disposals.tasks import sweep_client
from retention.schedule.services import load_starter_rules
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from rights.erasures.tasks import continue_all_erasures, notify_of_erasure
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts
from tests import working
from tests.api.callers import Caller, question
from tests.breaches.making import make_breach
from tests.cast import Cast
from tests.children.browsers import PORTAL, answer, by_link, latest_link, work
from tests.erasures.steps import WHY, approved, second, send_all, waive_all
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory
from tests.keeping import default_period, dispose
from tests.sandbox.making import Sandbox
from tests.signing_in import browser_of

YEARS, A_DAY = timedelta(days=3_650), timedelta(days=1)
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
    call = sandbox.caller
    assert call.reason("p-child", "service_delivery") == "guardian_consent_required"
    assert call.consent("p-adult", "newsletter").status_code == 201
    assert call.reason("p-adult", "newsletter") == "permitted"
    now = datetime.fromisoformat(sandbox.move(to="2040-01-01T00:00:00Z")["now"])
    assert call.reason("p-child", "service_delivery") == "permitted"
    context = call.ask("p-adult", "newsletter")["context"]
    assert context["reason"] in {"permitted", "consent_expired"}
    assert near(datetime.fromisoformat(context["valid_until"]), now)


def test_a_question_after_the_move_is_found_in_the_decision_log(cast, sandbox):
    decision_log.discard()
    now = datetime.fromisoformat(sandbox.move(days=40)["now"])
    assert sandbox.caller.reason("p-adult", "service_delivery") == "permitted"
    decision_log.flush()
    about = {"subject": "p-adult", "category": "usage_logs", "occasion": "assessment", "purpose": "service_delivery"}
    report = {**about, "collected_at": now.isoformat(), "count": 1}
    assert sandbox.caller.post("/api/v1/collections", report).status_code == 201
    with in_client(sandbox.id):
        amina, at = cast.actor("amina"), client_now()
        assert list_findings(amina, sandbox.id, since=now - A_DAY, until=at + A_DAY) == []
        assert list(count_days(amina, sandbox.client, at=at)) == [sandbox.client.day_at(at)]


def test_recorded_time_is_the_sandboxs_and_the_order_of_things_holds(sandbox):
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
    about = question("p-adult", "support")
    assert call.post(ONE, about | far).status_code == 400
    batch = {**about, "evaluations": [{}, far, {"context": context}]}
    answers = call.post(MANY, batch).json()["evaluations"]
    assert [one["decision"] for one in answers] == [True, False, True]
    assert "future" in answers[1]["context"]["error"]["message"]


def test_keys_live_by_the_real_clock(sandbox):
    """Otherwise a moved clock would lock its owner out."""
    sandbox.move(days=9_000)
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 9_000 * 86_400
    assert sandbox.caller.reason("p-adult", "support") == "permitted"
    assert find_key_actor(sandbox.secret, at=wall_clock_now()) is not None


def test_data_whose_retention_ended_is_not_processed_after_the_move(cast, sandbox):
    with in_client(PAKTALEEM):
        load_starter_rules(SETTING_UP, CAST_AT)
    collected = {"category": "usage_logs", "occasion": "support_contact", "purpose": "support", "count": 3}
    about = {**collected, "subject": "p-adult", "collected_at": wall_clock_now().isoformat()}
    assert sandbox.caller.post("/api/v1/collections", about).status_code == 201
    assert sandbox.caller.reason("p-adult", "support") == "permitted"
    sandbox.move(days=400)
    working.work({SWEEP: sweep_client})
    assert sandbox.caller.reason("p-adult", "support") == "retention_ended"


def test_deliveries_are_due_at_once(sandbox, endpoint):
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
    for ahead in (0, 2):  # a clock that was moved does not go back
        sandbox.move(days=ahead)
        sent = {"to": (wall_clock_now() + A_DAY).isoformat()} if ahead and field == "to" else body
        answer = sandbox.caller.post("/api/v1/sandbox/clock", sent)
        assert answer.status_code == 400
        assert field in str(answer.json()["errors"])
        assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == ahead * 86_400


def move_by_hand(client_id, days):
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


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def both(cast, sandbox):
    return cast.client_id("indus"), sandbox.id


def each(both, act):
    found = []
    for client_id in both:
        with in_client(client_id):
            found.append(act(Client.objects.get(pk=client_id)))
    return found


def test_a_concern_answered_long_ago_by_its_clock_is_forgotten(both, sandbox):
    def answered(client):
        told: dict[str, Any] = {"actor": user_actor(new_id(), "client_admin", client.pk), "at": client_now()}
        words: dict[str, Any] = {"details": "Worried.", "channel": "form", "language": "en"}
        row = receive_request(client, kinds=["child_concern"], **words, **told)
        decide_part(list_parts(row)[0], decision="granted", **told)
        return close_request(answer_request(row, text="Done.", **told), **told).pk

    made = each(both, answered)

    def forgotten(_client):
        return RightsRequest.objects.filter(pk__in=made, wrapped=None).exists()

    sandbox.move(days=default_period("request_texts").days - 1)
    dispose("request_texts")
    assert each(both, forgotten) == [False, False]
    sandbox.move(days=2)
    dispose("request_texts")
    assert each(both, forgotten) == [False, True]


def test_a_contact_kept_only_to_ask_is_forgotten(both, sandbox):
    def known(client):
        at = client_now()
        child = SubjectFactory(client=client, external_id="s-child", birth_date=at.date() - 3_000 * A_DAY, at=at)
        named = {"external_id": "s-mother", "role": "guardian", "email": "mother@mail.example"}
        guardian = SubjectFactory(client=client, at=at, **named)
        claim_guardian(child, guardian=guardian, relationship="parent", actor=SETTING_UP, at=at)
        return guardian.pk

    made = each(both, known)

    def emptied(_client):
        return Subject.objects.get(pk__in=made).email is None

    dispose("guardians_unasked")
    assert each(both, emptied) == [False, False]
    sandbox.move(days=default_period("guardians_unasked").days + 1)
    dispose("guardians_unasked")
    assert each(both, emptied) == [False, True]


def test_an_email_whose_job_died_is_sent_later(both, sandbox):
    sandbox.move(days=100)

    def lost(client):
        to = SubjectFactory(client=client, external_id="s-one", email="one@mail.example")
        words = {"count": "1", "url": "https://portal.example/"}
        asked_at = client_now() - GRACE - A_DAY
        send_message("orders_stuck", to=to, client_id=client.pk, context=words, actor=SETTING_UP, at=asked_at)

    each(both, lost)
    requeue_stalled(0)

    def waits_anew(_client):
        return Letter.objects.get().due_at > client_now()

    assert each(both, waits_anew) == [True, True]


@pytest.fixture
def endpoint(sandbox):
    by: Authorship = {"actor": SETTING_UP, "at": wall_clock_now() - A_DAY}
    with in_client(sandbox.id):
        return add_endpoint(sandbox.id, url="https://lms.example/hooks", events=["consent.*"], **by)[0]


def told(sandbox, *, taken=True):
    """Create an event in the sandbox whose message was delivered or not; return the message."""
    sandbox.caller.consent("p-adult", "newsletter")
    with in_client(sandbox.id):
        delivery = Delivery.objects.get()
        state = DeliveryState.DELIVERED if taken else DeliveryState.FAILED
        Delivery.objects.filter(pk=delivery.pk).update(state=state, done_at=wall_clock_now(), attempts=1)
    return delivery.message_id


def test_deliveries_of_a_sandbox_ahead_in_time_are_purged_after_as_many_real_days(sandbox, endpoint, time_machine):
    sandbox.move(days=400)
    message, sent_at, period = told(sandbox), wall_clock_now(), default_period("webhook_messages").days
    for days, left in ((1, 1), (period - 1, 1), (period + 1, 0)):
        time_machine.move_to(sent_at + timedelta(days=days))
        dispose("webhook_messages")
        with in_client(sandbox.id):
            assert Message.objects.filter(pk=message).count() == left, days


def test_moving_the_clock_throws_no_log_away(sandbox, endpoint):
    message = told(sandbox)
    sandbox.move(days=400)
    assert dispose("webhook_messages") == 0
    with in_client(sandbox.id):
        assert Message.objects.filter(pk=message).exists()


def test_what_a_sandbox_ahead_missed_is_sent_again_at_once(sandbox, endpoint):
    sandbox.move(days=400)
    told(sandbox, taken=False)
    with in_client(sandbox.id):
        since = client_now() - A_DAY
        again: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": wall_clock_now()}
        assert replay_since(endpoint, since=since, **again) == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.due_at <= wall_clock_now()) == ("waiting", True)


def test_sandboxes_ahead_are_looked_at_whatever_is_found(both, sandbox):
    def listed(found):
        with as_officer():
            return list_due_clients(lambda **_: found, at=wall_clock_now())

    indus, play = both
    assert listed([]) == []
    assert listed([indus]) == [indus]
    sandbox.move(days=1)
    assert listed([]) == [play]
    assert listed([indus, play]) == sorted([indus, play])


TASKS = sorted(
    path
    for root in ("paktaleem", "children", "consent", "retention", "rights")
    for path in (ROOT / root).rglob("tasks.py")
)


def list_clock_reads(source: str) -> list[str]:
    """List the functions that query all clients as of the system clock, without the shared mechanism."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and "as_officer()" in ast.unparse(function):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            shared = [one for one in calls if ast.unparse(one.func) == "list_due_clients"]
            within = {id(inner) for one in shared for inner in ast.walk(one)}
            reads = [one for one in calls if ast.unparse(one.func) == "wall_clock_now" and id(one) not in within]
            found += [function.name for _ in reads]
    return found


def test_no_task_selects_clients_by_the_system_clock_alone():
    planted = "def task():\n    with as_officer():\n        clients = list_old(at=wall_clock_now())\n"
    assert list_clock_reads(planted) == ["task"]
    found = {str(path.relative_to(ROOT)): list_clock_reads(path.read_text()) for path in TASKS}
    assert {path: names for path, names in found.items() if names} == {}, "call list_due_clients"


def stage(client_id: UUID) -> str:
    return str(ErasureProposal.objects.get(client_id=client_id).stage)


def test_moving_the_clock_ends_the_cooling_off_of_the_sandbox_only(cast: Cast, sandbox: Sandbox) -> None:
    indus = cast.client_id("indus")
    with in_client(indus):
        approved(cast, at=wall_clock_now())
    with in_client(sandbox.id):
        person = Subject.objects.get(external_id="p-adult")
        amina = cast.actor("amina")
        row = propose_erasure(person, ground="The person asked for it.", actor=amina, reason=WHY, at=client_now())
        decide_erasure(row, approve=True, actor=second(cast), at=client_now())
    notify_of_erasure(str(sandbox.id), str(row.pk))
    sandbox.move(hours=71)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "cooling_off"
    sandbox.move(hours=2)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "ordered"
        send_all(client_now())
    with in_client(indus):
        assert stage(indus) == "cooling_off"
    [order] = sandbox.caller.get("/api/v1/orders").json()["orders"]
    assert order["kind"] == "erase"
    answer = {"result": "done", "counts": {"contact_details": 1}}
    assert sandbox.caller.post(f"/api/v1/orders/{order['id']}/accept", {}).status_code == 200
    done = sandbox.caller.post(f"/api/v1/orders/{order['id']}/complete", answer)
    assert done.status_code == 200, done.content
    with in_client(sandbox.id):
        waive_all(cast, client_now(), client_id=sandbox.id, system__code="billing")
    complete_answered_erasures(0)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "certified"
        erased = Subject.objects.get(pk=person.pk)
        assert erased.erased_at is not None
        assert erased.erased_at - wall_clock_now() > timedelta(hours=71), "by the clock of the sandbox"


LIST = "/admin/requests/rightsrequest/"


def receive(client: Any, days_ago: int) -> Any:
    by: dict[str, Any] = {"actor": SETTING_UP, "at": client_now() - days_ago * A_DAY}
    return receive_request(client, kinds=["question"], subject=None, channel="form", language="en", **by)


def numbers_of(browser: Any, progress: str) -> set[str]:
    return {row.number for row in browser.get(f"{LIST}?progress={progress}").context["cl"].result_list}


def test_a_request_of_a_sandbox_is_overdue_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=400)
    with in_client(sandbox.id):
        late, soon, new = (receive(sandbox.client, days) for days in (40, 25, 1))
        assert late.due_at > wall_clock_now() + 300 * A_DAY
    with in_client(cast.client_id("indus")):
        own = receive(cast.client("indus"), 25)
    amina = browser_of(cast.user("amina"))
    assert numbers_of(amina, "overdue") == {late.number}
    assert numbers_of(amina, "due_soon") == {soon.number, own.number}
    assert numbers_of(amina, "open") >= {late.number, soon.number, new.number, own.number}
    page = amina.get(f"{LIST}?progress=overdue").content.decode()
    assert "days late" in page
    cards = {str(card.title): card for card in amina.get("/admin/").context["attention"]}
    assert cards["Rights requests overdue"].value == "1"
    assert cards["Rights requests due soon"].value == "2"


def people_of(browser: Any, query: str, page: str = "people/subject") -> set[str]:
    rows = browser.get(f"/admin/{page}/{query}").context["cl"].result_list
    return {row.external_id for row in rows}


def test_a_child_of_a_sandbox_is_of_age_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    thirteen = datetime(2030, 5, 4, tzinfo=UTC)
    amina = browser_of(cast.user("amina"))
    sandbox.move(days=(thirteen - wall_clock_now()).days - 20)
    assert "p-child" in people_of(amina, "?age=child")
    assert "p-child" in people_of(amina, "?when=30", "ageing/comingofage")
    sandbox.move(days=30)
    assert "p-child" not in people_of(amina, "?age=child")
    assert "p-child" in people_of(amina, "?age=of_age")
    assert "p-child" not in people_of(amina, "", "ageing/comingofage")
    assert "lms-danish" in people_of(amina, "?age=child"), "other clients keep the real time"


def test_the_clock_of_a_breach_is_that_of_its_client(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=400)
    with in_client(sandbox.id):
        make_breach(sandbox.client, actor=cast.actor("amina"), at=client_now())
    amina = browser_of(cast.user("amina"))
    assert [card.title for card in amina.get("/admin/").context["attention"]].count("Personal-data breaches") == 1
    page = amina.get("/admin/breaches/breach/").content.decode()
    assert ">70<" in page or ">71<" in page


def test_what_can_be_done_with_a_row_of_a_sandbox_follows_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    with in_client(sandbox.id):
        row = Instruction.objects.filter(client_id=sandbox.id).first()
        assert row is not None
        row.starts_at = wall_clock_now() + 30 * A_DAY
        save_tracked(row, actor=SETTING_UP, reason=Reason.CORRECTION, at=wall_clock_now())
    amina, page = browser_of(cast.user("amina")), f"/admin/consent/instruction/{row.pk}/change/"
    assert "/cancel/" in amina.get(page).content.decode()
    sandbox.move(days=60)
    assert "/end/" in amina.get(page).content.decode()
    assert amina.get(page.replace("change", "end")).status_code == 200


def test_an_agreement_of_a_sandbox_is_suspended_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=60)
    amina, actor = browser_of(cast.user("amina")), cast.actor("amina")
    with in_client(sandbox.id):
        agreement = ServiceAgreement.objects.get(client_id=sandbox.id)
        suspend_agreement(agreement, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=client_now())
    listed = amina.get("/admin/consent/serviceagreement/").context["cl"].result_list
    assert [row.client_id for row in listed if row.is_suspended] == [sandbox.id]
