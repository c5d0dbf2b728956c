"""People whose account is closed, or who are being erased: what is denied, and what goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.notices.starter_register import PURPOSES
from consent.register.models.purposes import Purpose
from consent.register.services import request_safeguard_change
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.issuing import issue_orders, issue_orders_for_set
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import (
    AlreadyErased,
    ErasureInProgress,
    complete_erasure,
    erase_subject,
    start_erasure,
)
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.api.callers import Caller, question
from tests.children.guardians import guardian_of, record_answer, verified_guardian
from tests.data_systems.test_erasing import answer, orders_of
from tests.factories import OrderSpecFactory

CLOSED_AT = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
EVENTS = "/api/v1/subjects/lms-kiran/events"
SERVES_ACCOUNT = {"account_management", "service_delivery", "service_communications", "platform_improvement"}


def send(caller, kind, at=None):
    body = {"kind": kind} if at is None else {"kind": kind, "happened_at": at.isoformat()}
    response = caller.post(EVENTS, body)
    assert response.status_code == 201, response.content


def record(cast, kind, *, happened_at, at=None):
    """Record an event that the portal received at ``at``."""
    with in_client(cast.client_id("khyber")):
        kiran, actor = cast.subject("kiran"), cast.key_actor("khyber")
        return record_subject_event(kiran, kind=kind, happened_at=happened_at, actor=actor, at=at or happened_at)


def disable(cast, now, *, is_enabled=False):
    """Write what a roster's ``enabledUser`` says."""
    with in_client(cast.client_id("khyber")):
        terms = {"client": cast.client("khyber"), "actor": cast.key_actor("khyber"), "reason": Reason.ROSTER_IMPORT}
        register_subject("lms-kiran", details={"is_enabled": is_enabled}, at=now, **terms)


def reasons(caller):
    standing = caller.get("/api/v1/subjects/lms-kiran/standing").json()
    return {code: one["reason"] for code, one in standing["purposes"].items()}


@pytest.mark.parametrize("action", ["process", "collect"])
def test_purposes_that_only_serve_an_account_are_denied_once_it_is_closed(khyber_lms, action):
    assert khyber_lms.reason("lms-kiran", "service_delivery", action) == "permitted"
    send(khyber_lms, "account_closed")
    answer = khyber_lms.ask("lms-kiran", "service_delivery", action)
    assert (answer["decision"], answer["context"]["reason"]) == (False, "account_closed")
    remedy = answer["context"]["remedy"]
    assert all("active" in remedy[text] for text in ("text", "text_ur"))


def test_no_data_of_a_closed_account_is_shared_and_the_starter_purposes_state_which_serve_one(khyber_lms):
    send(khyber_lms, "account_closed")
    assert khyber_lms.reason("lms-kiran", "service_delivery", "share", recipient="nobody") == "account_closed"
    asked = [question("lms-kiran", "service_delivery"), question("lms-kiran", "support")]
    answers = khyber_lms.post(MANY, {"evaluations": asked}).json()["evaluations"]
    assert [one["context"]["reason"] for one in answers] == ["account_closed", "permitted"]
    after = reasons(khyber_lms)
    assert {code for code in PURPOSES if after[code] == "account_closed"} == SERVES_ACCOUNT
    assert {after[code] for code in PURPOSES if code not in SERVES_ACCOUNT} == {"permitted"}


def test_a_clients_own_purpose_needs_an_account_by_default(khyber_lms, cast, now):
    khyber_lms.consent("lms-kiran", "newsletter")
    send(khyber_lms, "account_closed")
    assert khyber_lms.reason("lms-kiran", "newsletter") == "account_closed"
    with in_client(cast.client_id("khyber")):
        purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("khyber"))
        purpose.needs_account = False
        change = request_safeguard_change(purpose, ground="News for alumni.", actor=cast.actor("celia"), at=now)
        decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now)
    assert khyber_lms.reason("lms-kiran", "newsletter") == "permitted"


def test_purposes_are_listed_with_whether_they_need_an_account(khyber_lms):
    listed = {one["code"]: one["needs_account"] for one in khyber_lms.get("/api/v1/purposes").json()["purposes"]}
    assert {code for code, needs in listed.items() if needs} == SERVES_ACCOUNT | {"newsletter", "product_research"}
    with in_client(PAKTALEEM):
        assert not Purpose.objects.get(code="legal_compliance").needs_account


def test_the_person_shows_whether_the_account_is_open(khyber_lms):
    shown = khyber_lms.get("/api/v1/subjects/lms-kiran").json()
    assert (shown["enabled"], shown["account_closed_at"]) == (True, None)
    send(khyber_lms, "account_closed", CLOSED_AT)
    shown = khyber_lms.get("/api/v1/subjects/lms-kiran").json()
    assert (shown["enabled"], shown["account_closed_at"]) == (False, CLOSED_AT.isoformat())


def test_a_use_before_the_closing_that_is_reported_late_does_not_reopen(khyber_lms, cast):
    record(cast, "account_closed", happened_at=CLOSED_AT)
    record(cast, "active", happened_at=CLOSED_AT - HOUR, at=CLOSED_AT + HOUR)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "account_closed"
    record(cast, "active", happened_at=CLOSED_AT + SECOND, at=CLOSED_AT + HOUR)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "permitted"
    record(cast, "account_closed", happened_at=CLOSED_AT - SECOND, at=CLOSED_AT + HOUR)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "permitted"


def test_past_decisions_use_what_was_known_then(khyber_lms, cast):
    received_at, reopened_at = CLOSED_AT + HOUR, CLOSED_AT + 3 * HOUR
    record(cast, "account_closed", happened_at=CLOSED_AT, at=received_at)
    record(cast, "active", happened_at=reopened_at)
    answers = [
        khyber_lms.reason("lms-kiran", "service_delivery", context={"time": at.isoformat()})
        for at in (CLOSED_AT, received_at - SECOND, received_at, reopened_at - SECOND, reopened_at)
    ]
    assert answers == ["permitted", "permitted", "account_closed", "account_closed", "permitted"]


def test_a_roster_closes_an_account_until_it_is_enabled_or_in_use(khyber_lms, cast, now):
    disable(cast, now)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "account_closed"
    disable(cast, now + SECOND, is_enabled=True)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "permitted"
    disable(cast, now + 2 * SECOND)
    record(cast, "active", happened_at=now + HOUR)
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "permitted"
    with in_client(cast.client_id("khyber")):
        assert cast.subject("kiran").is_enabled


def test_events_of_an_erased_person_are_refused(cast, now):
    with in_client(cast.client_id("khyber")):
        kiran = cast.subject("kiran")
        erase_subject(kiran, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(AlreadyErased):
        record(cast, "account_closed", happened_at=now)
    assert not cast.has(SubjectEvent, "khyber")


def test_an_event_without_a_change_writes_no_history(cast, now):
    with in_client(cast.client_id("khyber")):
        before = Subject.history.count()
    record(cast, "active", happened_at=now)
    record(cast, "account_closed", happened_at=now + SECOND)
    record(cast, "account_closed", happened_at=now + HOUR)
    with in_client(cast.client_id("khyber")):
        assert Subject.history.count() == before + 1
        assert SubjectEvent.objects.count() == 3
        history = Subject.history.filter(id=cast.subject_id("kiran")).latest()
        assert (history.actor_id, history.history_date) == (cast.key_id("khyber"), now + SECOND)


WHY = "subject_request"
MANY = "/access/v1/evaluations"


@pytest.fixture
def started_at():
    return wall_clock_now().replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def erasing(cast, started_at):
    with in_client(cast.client_id("indus")):
        for name in ("junaid", "danish"):
            start_erasure(cast.subject(name), actor=cast.actor("amina"), reason=WHY, at=started_at)
    return cast


@pytest.fixture
def erasing_lms(erasing):
    return Caller(erasing.key("indus"))


def at(moment):
    return {"time": moment.isoformat()}


@pytest.mark.parametrize("action", ["process", "collect", "store", "share"])
@pytest.mark.parametrize("purpose", ["service_delivery", "legal_compliance", "platform_improvement", "newsletter"])
def test_every_decision_is_denied(erasing_lms, action, purpose):
    told = erasing_lms.ask("lms-junaid", purpose, action)
    assert (told["decision"], told["context"]["reason"]) == (False, "erasure_in_progress")
    remedy = told["context"]["remedy"]
    assert "complete the order" in str(remedy)
    assert "/docs/reasons/#erasure_in_progress" in str(remedy)


def test_deletion_is_still_permitted_and_batch_evaluations_give_the_same_reasons(erasing_lms):
    for person in ("lms-junaid", "lms-danish"):
        assert erasing_lms.reason(person, "service_delivery", "delete") == "permitted"
    people, actions = ("lms-junaid", "lms-hamza"), ("process", "delete")
    asked = [question(person, "service_delivery", action) for person in people for action in actions]
    found = [one["context"]["reason"] for one in erasing_lms.post(MANY, {"evaluations": asked}).json()["evaluations"]]
    assert found[:2] == ["erasure_in_progress", "permitted"]
    assert "erasure_in_progress" not in found[2:]


def test_past_decisions_do_not_change_and_person_and_orders_show_the_erasure(erasing_lms, started_at):
    before = started_at - timedelta(seconds=1)
    assert erasing_lms.reason("lms-junaid", "service_delivery", context=at(before)) == "permitted"
    assert erasing_lms.reason("lms-junaid", "service_delivery", context=at(started_at)) == "erasure_in_progress"
    shown = erasing_lms.get("/api/v1/subjects/lms-junaid").json()
    assert shown["erasure_started_at"] == started_at.isoformat()
    assert erasing_lms.get("/api/v1/subjects/lms-hamza").json()["erasure_started_at"] is None
    orders = erasing_lms.get("/api/v1/orders").json()["orders"]
    assert {(one["kind"], one["subject"]) for one in orders} == {("erase", "lms-junaid"), ("erase", "lms-danish")}


def test_after_the_erasure_every_time_is_answered_alike(erasing, erasing_lms, started_at):
    done_at = started_at + timedelta(minutes=30)
    with in_client(erasing.client_id("indus")):
        erasure = Erasure.objects.get(subject_id=erasing.subject_id("junaid"))
        for order in orders_of(erasure):
            answer(order, erasing, done_at)
        assert complete_erasure(erasure, actor=system_actor("tests"), at=done_at)
    for moment in (started_at - timedelta(seconds=1), done_at - timedelta(minutes=1), done_at):
        assert erasing_lms.reason("lms-junaid", "service_delivery", context=at(moment)) == "subject_erased"
    assert erasing_lms.reason("lms-junaid", "service_delivery", "delete") == "subject_erased"


def problem(response):
    return response.status_code, response.json()["type"].rpartition(":")[2]


REFUSED = (409, "erasure-in-progress")


def test_nothing_new_is_recorded(erasing_lms):
    assert problem(erasing_lms.put("/api/v1/subjects/lms-junaid", {"role": "student", "full_name": "J"})) == REFUSED
    assert problem(erasing_lms.consent("lms-junaid", "newsletter")) == REFUSED
    assert problem(erasing_lms.post("/api/v1/subjects/lms-junaid/events", {"kind": "active"})) == REFUSED
    collected = {
        "subject": "lms-junaid",
        "category": "usage_logs",
        "occasion": "assessment",
        "purpose": "support",
        "collected_at": "2026-01-05T09:00:00+00:00",
        "count": 1,
    }
    assert problem(erasing_lms.post("/api/v1/collections", collected)) == REFUSED


def test_a_batch_points_at_the_person_being_erased_and_reports_an_erased_one_first(erasing_lms, erasing):
    people = [{"external_id": f"lms-{name}", "role": "student"} for name in ("hamza", "junaid")]
    response = erasing_lms.post("/api/v1/subjects/batch", {"subjects": people})
    assert problem(response) == REFUSED
    assert response.json()["errors"] == [{"detail": "This person is being erased.", "pointer": "#/subjects/1"}]
    with in_client(erasing.client_id("indus")):
        erase_subject(erasing.subject("hamza"), actor=erasing.actor("amina"), reason=WHY, at=wall_clock_now())
    assert problem(erasing_lms.post("/api/v1/subjects/batch", {"subjects": people})) == (409, "subject-erased")


def test_refusals_and_withdrawals_are_still_recorded(cast):
    caller = Caller(cast.key("indus"))
    assert caller.consent("lms-junaid", "newsletter").status_code == 201
    with in_client(cast.client_id("indus")):
        start_erasure(cast.subject("junaid"), actor=cast.actor("amina"), reason=WHY, at=wall_clock_now())
    assert caller.post("/api/v1/subjects/lms-junaid/consents/newsletter/withdraw").status_code in {200, 201}
    assert caller.consent("lms-junaid", "newsletter", "refused").status_code == 201


def test_guardians_may_refuse_but_not_consent_and_none_being_erased_is_named(cast, started_at):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        verified_guardian(danish, esra, at=started_at)
        start_erasure(danish, actor=cast.actor("amina"), reason=WHY, at=started_at)
        with pytest.raises(ErasureInProgress):
            record_answer(danish, esra, "given", at=started_at)
        assert record_answer(danish, esra, "refused", at=started_at).pk
        start_erasure(esra, actor=cast.actor("amina"), reason=WHY, at=started_at)
        with pytest.raises(ErasureInProgress):
            guardian_of(cast.subject("iqra"), esra, at=started_at)


def test_restrictions_and_objections_are_still_recorded_and_no_other_order_is_issued(erasing, started_at):
    spec = OrderSpecFactory(kind="collect", at=started_at)
    by = {"actor": erasing.actor("amina"), "at": started_at}
    client_id = erasing.client_id("indus")
    with in_client(client_id):
        junaid = erasing.subject("junaid")
        assert restrict_processing(junaid, reason=WHY, **by).pk
        assert object_to_purpose(junaid, purpose_code="platform_improvement", reason=WHY, **by).pk
        with pytest.raises(ErasureInProgress):
            issue_orders(erasing.subject("junaid"), spec, **by)
        before = Order.objects.count()
        people = Subject.objects.filter(pk__in=[erasing.subject_id("junaid"), erasing.subject_id("hamza")])
        made = issue_orders_for_set(people, spec, client_id=client_id, **by)
        assert made is not None
        assert (made.size, Order.objects.count()) == (1, before + 1)
