"""A closed account is denied for purposes that only serve an account; storing, deleting and legal duties go on."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.notices.starter_register import PURPOSES
from consent.register.models.purposes import Purpose
from consent.register.services.safeguards import decide_safeguard_change, request_safeguard_change
from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.api.callers import question

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
def test_purposes_that_only_serve_an_account_are_denied_once_it_is_closed(khyber, action):
    assert khyber.reason("lms-kiran", "service_delivery", action) == "permitted"
    send(khyber, "account_closed")
    answer = khyber.ask("lms-kiran", "service_delivery", action)
    assert (answer["decision"], answer["context"]["reason"]) == (False, "account_closed")
    remedy = answer["context"]["remedy"]
    assert all("active" in remedy[text] for text in ("text", "text_ur"))


def test_no_data_of_a_closed_account_is_shared(khyber):
    send(khyber, "account_closed")
    assert khyber.reason("lms-kiran", "service_delivery", "share", recipient="nobody") == "account_closed"


@pytest.mark.parametrize("action", ["store", "delete"])
def test_storing_and_deleting_are_still_permitted(khyber, action):
    send(khyber, "account_closed")
    assert khyber.reason("lms-kiran", "service_delivery", action) == "permitted"


def test_the_starter_purposes_state_which_only_serve_an_account(khyber):
    send(khyber, "account_closed")
    after = reasons(khyber)
    assert {code for code in PURPOSES if after[code] == "account_closed"} == SERVES_ACCOUNT
    assert {after[code] for code in PURPOSES if code not in SERVES_ACCOUNT} == {"permitted"}


def test_a_clients_own_purpose_needs_an_account_by_default(khyber, cast, now):
    khyber.consent("lms-kiran", "newsletter")
    send(khyber, "account_closed")
    assert khyber.reason("lms-kiran", "newsletter") == "account_closed"
    with in_client(cast.client_id("khyber")):
        purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("khyber"))
        purpose.needs_account = False
        change = request_safeguard_change(purpose, ground="News for alumni.", actor=cast.actor("celia"), at=now)
        decide_safeguard_change(change, approve=True, actor=cast.actor("amina"), at=now)
    assert khyber.reason("lms-kiran", "newsletter") == "permitted"


def test_purposes_are_listed_with_whether_they_need_an_account(khyber):
    listed = {one["code"]: one["needs_account"] for one in khyber.get("/api/v1/purposes").json()["purposes"]}
    assert {code for code, needs in listed.items() if needs} == SERVES_ACCOUNT | {"newsletter", "product_research"}
    with in_client(PAKTALEEM):
        assert not Purpose.objects.get(code="legal_compliance").needs_account


def test_use_reopens_an_account(khyber):
    send(khyber, "account_closed")
    send(khyber, "active")
    assert khyber.reason("lms-kiran", "service_delivery") == "permitted"


def test_a_batch_is_answered_in_the_same_way(khyber):
    send(khyber, "account_closed")
    asked = [question("lms-kiran", "service_delivery"), question("lms-kiran", "support")]
    answers = khyber.post("/access/v1/evaluations", {"evaluations": asked}).json()["evaluations"]
    assert [one["context"]["reason"] for one in answers] == ["account_closed", "permitted"]


def test_the_person_shows_whether_the_account_is_open(khyber):
    shown = khyber.get("/api/v1/subjects/lms-kiran").json()
    assert (shown["enabled"], shown["account_closed_at"]) == (True, None)
    send(khyber, "account_closed", CLOSED_AT)
    shown = khyber.get("/api/v1/subjects/lms-kiran").json()
    assert (shown["enabled"], shown["account_closed_at"]) == (False, CLOSED_AT.isoformat())


def test_a_use_before_the_closing_that_is_reported_late_does_not_reopen(khyber, cast):
    record(cast, "account_closed", happened_at=CLOSED_AT)
    record(cast, "active", happened_at=CLOSED_AT - HOUR, at=CLOSED_AT + HOUR)
    assert khyber.reason("lms-kiran", "service_delivery") == "account_closed"
    record(cast, "active", happened_at=CLOSED_AT + SECOND, at=CLOSED_AT + HOUR)
    assert khyber.reason("lms-kiran", "service_delivery") == "permitted"
    record(cast, "account_closed", happened_at=CLOSED_AT - SECOND, at=CLOSED_AT + HOUR)
    assert khyber.reason("lms-kiran", "service_delivery") == "permitted"


def test_past_decisions_use_what_was_known_then(khyber, cast):
    received_at, reopened_at = CLOSED_AT + HOUR, CLOSED_AT + 3 * HOUR
    record(cast, "account_closed", happened_at=CLOSED_AT, at=received_at)
    record(cast, "active", happened_at=reopened_at)
    answers = [
        khyber.reason("lms-kiran", "service_delivery", context={"time": at.isoformat()})
        for at in (CLOSED_AT, received_at - SECOND, received_at, reopened_at - SECOND, reopened_at)
    ]
    assert answers == ["permitted", "permitted", "account_closed", "account_closed", "permitted"]


def test_a_roster_closes_an_account_until_it_is_enabled_or_in_use(khyber, cast, now):
    disable(cast, now)
    assert khyber.reason("lms-kiran", "service_delivery") == "account_closed"
    disable(cast, now + SECOND, is_enabled=True)
    assert khyber.reason("lms-kiran", "service_delivery") == "permitted"
    disable(cast, now + 2 * SECOND)
    record(cast, "active", happened_at=now + HOUR)
    assert khyber.reason("lms-kiran", "service_delivery") == "permitted"
    with in_client(cast.client_id("khyber")):
        assert cast.subject("kiran").is_enabled


def test_events_of_an_erased_person_are_refused(cast, now):
    with in_client(cast.client_id("khyber")):
        kiran = cast.subject("kiran")
        erase_subject(kiran, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(AlreadyErased):
        record(cast, "account_closed", happened_at=now)
    with in_client(cast.client_id("khyber")):
        assert not SubjectEvent.objects.exists()


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
