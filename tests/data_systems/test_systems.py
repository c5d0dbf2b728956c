"""Systems that hold data: registered, changed, ended, the keys that act for them, and alerts of stuck orders."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given, strategies as st

from paktaleem.directory.data_systems.models import OrderAlert, System, SystemKey
from paktaleem.directory.data_systems.selectors import NoSystem, system_of_key, systems_holding
from paktaleem.directory.data_systems.services.fulfilment import accept_order, raise_alerts
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.services.registering import (
    AlreadyEnded,
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.directory.data_systems.states import (
    ENDED,
    KIND_OF_ENTRY,
    MOST_ATTEMPTS,
    OPEN,
    Answer,
    Exemption,
    Outcome,
    Section,
    State,
    Step,
    StepRefused,
    find_answer_faults,
    next_state,
    retry_at,
    spread_of,
    stuck_at,
)
from paktaleem.directory.data_systems.tasks import alert_stuck_orders
from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.services import rotate_api_key
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.data_systems.ending import end_by_two_people
from tests.factories import SETTING_UP

LATER = timedelta(days=2)


@pytest.fixture
def by(cast, now):
    return {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now}


def test_registering_and_changing_a_system_is_recorded(cast, indus, library, by):
    library.name = "School library"
    change_system(library, **by)
    assert [(one.history_change_reason, one.name) for one in System.history.filter(id=library.pk)] == [
        ("review", "School library"),
        ("onboarding", "Library"),
    ]
    entries = Entry.objects.filter(kind__startswith="system.", body__contains=str(library.pk)).order_by("id")
    assert [one.kind for one in entries] == ["system.registered", "system.changed"]
    assert "content" in entries[0].body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", []),
        ("categories", ["content", "content"]),
        ("categories", ["Not A Code"]),
        ("contact", "the team"),
        ("code", "Library!"),
        ("delivery", "pigeon"),
    ],
)
def test_an_invalid_value_names_its_field(library, by, field, value):
    setattr(library, field, value)
    with pytest.raises(ValidationError) as refused:
        change_system(library, **by)
    assert field in refused.value.message_dict


def test_code_start_end_and_categories_that_orders_must_reach_cannot_be_changed(library, by, now):
    later = now + timedelta(days=9)
    for field, value in {"code": "other", "starts_at": now, "ends_at": later, "categories": ["usage_logs"]}.items():
        changed = System.objects.get(pk=library.pk)
        setattr(changed, field, value)
        with pytest.raises(ValidationError) as refused:
            change_system(changed, **by)
        assert field in refused.value.message_dict
    assert "(content)" in str(refused.value.message_dict["categories"])


def test_a_system_cannot_start_in_the_past(indus, by, now):
    early = System(client=indus, code="early", name="E", categories=["content"], contact="e@indus.example")
    early.delivery, early.starts_at = "poll", now - timedelta(seconds=1)
    with pytest.raises(ValidationError, match="backdated"):
        change_system(early, **by)


def test_a_system_gets_orders_until_a_second_person_agrees_to_its_end(cast, indus, library, by, now):
    with pytest.raises(Refused, match="No one has proposed"):
        end_system(library, **by)
    propose_system_end(library, ground="It holds no data.", **by)
    with pytest.raises(Refused, match="already proposed"):
        propose_system_end(library, ground="It holds no data.", **by)
    assert library in systems_holding(indus.id, ["content"], at=now)
    keep_system(library, **by)
    with pytest.raises(Refused, match="No one has proposed"):
        end_system(library, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    assert list(Entry.objects.filter(kind__startswith="system.end").order_by("id").values_list("kind", flat=True)) == [
        "system.end_proposed",
        "system.end_declined",
    ]


def test_an_ended_system_gets_no_more_orders(cast, indus, library, by, now):
    end_by_two_people(cast, library, at=now)
    assert library not in systems_holding(indus.id, ["content"], at=now)
    assert library in systems_holding(indus.id, ["content"], at=now - timedelta(seconds=1))
    with pytest.raises(AlreadyEnded):
        propose_system_end(library, ground="It holds no data.", **by)


def test_the_systems_holding_data_are_the_clients_and_paktaleems(cast, indus, library, now):
    assert [one.code for one in systems_holding(indus.id, ["content"], at=now)] == ["library", "lms"]
    assert [one.code for one in systems_holding(indus.id, ["contact_details"], at=now)] == ["billing", "lms"]
    assert systems_holding(indus.id, ["unheard_of"], at=now) == []


def test_only_paktaleem_changes_its_own_systems(cast, indus, by):
    billing = System.objects.get(code="billing")
    with pytest.raises(NotAllowed):
        change_system(billing, **by)
    with pytest.raises(NotAllowed):
        end_system(billing, **by)


def test_a_key_and_its_successor_act_for_the_same_system(cast, indus, lms, key, now):
    assert system_of_key(key, at=now) == lms
    old = ApiKey.objects.get(pk=cast.key_id("indus"))
    successor, _ = rotate_api_key(old, actor=cast.actor("farah"), at=now)
    assert system_of_key(key_actor(successor.pk, indus.id, successor.scopes), at=now) == lms


def test_a_key_whose_assignment_ended_acts_for_no_system(cast, indus, key, by, now):
    acting = SystemKey.objects.get(client=indus)
    end_system_key(acting, **by)
    with pytest.raises(NoSystem):
        system_of_key(key, at=now)
    with pytest.raises(AlreadyEnded):
        end_system_key(acting, **by)
    assign_key(SystemKey(client=indus, system=acting.system, key_name="LMS"), **by)
    assert system_of_key(key, at=now).code == "lms"
    kinds = Entry.objects.filter(kind__startswith="system.key_").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["system.key_let_in", "system.key_ended", "system.key_let_in"]


def test_a_valid_key_with_the_scope_is_assigned_to_one_system_of_the_client(cast, indus, library, by):
    foreign = System(id=indus.pk, client_id=cast.client_id("khyber"), code="x")
    for system, name, words in (
        (library, "LMS", "already acts"),
        (library, "Nobody", "scope orders"),
        (foreign, "LMS", "of this client"),
    ):
        with pytest.raises(ValidationError, match=words) as refused:
            assign_key(SystemKey(client=indus, system=system, key_name=name), **by)
        assert list(refused.value.message_dict) == ["system" if system is foreign else "key_name"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("categories = '{}'", "system_holds_something"),
        ("proposed_by = id, ended_by = id, ground = 'Shut down.'", "system_ended_by_two_people"),
    ],
)
def test_the_database_refuses_an_inconsistent_system(library, change, name):
    refused = pytest.raises(IntegrityError, match=name)
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE data_systems_system SET {change} WHERE id = %s", [library.pk])  # noqa: S608 -- as above


AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
# state: the next state of each step, in the order of Step; "-" is refused
STEPS = "send accept confirm miss decline dispute fail retry waive lapse recall release"
TABLE = {
    "queued": "sent accepted - - - - - - waived not_applicable recalled -",
    "sent": "- accepted - - - - - - waived not_applicable recalled -",
    "accepted": "- - confirmed not_found not_applicable disputed failed - waived not_applicable recalled -",
    "disputed": "- accepted confirmed not_found not_applicable disputed - - waived not_applicable recalled -",
    "failed": "sent accepted - - - - - queued waived not_applicable recalled -",
    "confirmed": "- - - - - - - - - - - -",
    "not_found": "- - - - - - - - - - - -",
    "not_applicable": "- - - - - - - - - - - -",
    "waived": "- - - - - - - - - - - -",
    "recalled": "- - - - - - - - - not_applicable - queued",
}


def led_to(state, step):
    try:
        return next_state(state, Step(step)).value
    except StepRefused:
        return "-"


def test_every_step_from_every_state_matches_the_table():
    assert set(TABLE) == set(State)
    assert STEPS.split() == [step.value for step in Step]
    assert {state: " ".join(led_to(state, step) for step in STEPS.split()) for state in TABLE} == TABLE
    assert {state for state, steps in TABLE.items() if set(steps) == {"-", " "}} == ENDED == set(State) - OPEN
    assert Outcome.NOT_FOUND.step is Step.MISS, "the answer not found never becomes done"
    assert set(KIND_OF_ENTRY) == set(State)
    assert all(kind.startswith("order.") for kind in KIND_OF_ENTRY.values())


def waited(attempt, spread):
    due = retry_at(attempt, spread=spread, at=AT)
    assert due is not None
    return due - AT


@given(st.integers(1, MOST_ATTEMPTS - 1), st.floats(0, 1, exclude_max=True))
def test_the_wait_before_a_retry_is_between_a_minute_and_twelve_hours(attempt, spread):
    wait = waited(attempt, spread)
    assert timedelta(minutes=1) <= wait <= timedelta(hours=12)
    assert waited(attempt, 0) <= wait


def test_the_shortest_waits_before_retries_are_these():
    waits = [waited(attempt, 0) for attempt in range(1, MOST_ATTEMPTS)]
    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [1, 3, 9, 27, 81, 243, 360, 360, 360]
    assert retry_at(MOST_ATTEMPTS, spread=0, at=AT) is None


def test_retries_of_orders_that_failed_together_are_spread():
    spreads = {spread_of(UUID(int=number), 1) for number in range(1_000)}
    assert len(spreads) == 1_000
    assert 0 <= min(spreads) < 0.1
    assert 0.9 < max(spreads) < 1
    assert spread_of(UUID(int=7), 1) == spread_of(UUID(int=7), 1) != spread_of(UUID(int=7), 2)


@pytest.mark.parametrize(
    ("state", "retry", "after"),
    [
        ("queued", None, timedelta(days=1)),
        ("sent", None, timedelta(days=1)),
        ("accepted", None, timedelta(days=3)),
        ("failed", None, timedelta(0)),
        ("failed", AT + timedelta(hours=1), timedelta(days=1, hours=1)),
        ("confirmed", None, None),
        ("waived", None, None),
    ],
)
def test_an_order_is_stuck_after_a_time_that_depends_on_its_state(state, retry, after):
    assert stuck_at(state, changed_at=AT, retry_due_at=retry) == (None if after is None else AT + after)


HOLDS, ASKED = ("usage_logs", "content"), ("full_name",)
DONE, MISSING, EXEMPT = Outcome.DONE, Outcome.NOT_FOUND, Outcome.NOT_APPLICABLE
LAW = Exemption.LEGAL_DUTY


@pytest.mark.parametrize(
    ("kind", "answer", "wrong"),
    [
        ("erase", Answer(DONE, counts={"usage_logs": 0}), set()),
        ("erase", Answer(DONE), {"counts"}),
        ("erase", Answer(DONE, counts={"billing": 1}), {"counts"}),
        ("erase", Answer(DONE, counts={"content": 1}, corrected=("full_name",)), {"corrected"}),
        ("erase", Answer(MISSING), set()),
        ("erase", Answer(MISSING, counts={"content": 1}), {"counts"}),
        ("erase", Answer(MISSING, reason=LAW), {"reason"}),
        ("erase", Answer(EXEMPT, reason=LAW), set()),
        ("erase", Answer(EXEMPT), {"reason"}),
        ("erase", Answer(EXEMPT, reason="person_erased"), {"reason"}),
        ("erase", Answer(DONE, reason=LAW, counts={"content": 1}), {"reason"}),
        ("anonymise", Answer(DONE), {"counts"}),
        ("collect", Answer(DONE), set()),
        ("collect", Answer(DONE, sections=(Section("content", {}),)), set()),
        ("collect", Answer(DONE, sections=(Section("billing", {}),)), {"sections"}),
        ("collect", Answer(EXEMPT, reason=LAW, sections=(Section("content", {}),)), {"sections"}),
        ("correct", Answer(DONE, corrected=("full_name",)), set()),
        ("correct", Answer(DONE, corrected=("email",)), {"corrected"}),
        ("correct", Answer(DONE), {"corrected"}),
        ("restrict", Answer(DONE), set()),
        ("lift_restriction", Answer(DONE, counts={"content": 1}), {"counts"}),
        ("object", Answer(DONE), set()),
    ],
)
def test_an_answer_must_fit_the_kind_of_its_order(kind, answer, wrong):
    assert set(find_answer_faults(answer, kind=kind, holds=HOLDS, asked=ASKED)) == wrong


def look(at):
    with time_machine.travel(at, tick=False):
        alert_stuck_orders(0)


def letters(client_id):
    with in_client(client_id):
        return sorted(Letter.objects.filter(kind="orders_stuck").values_list("user__email", flat=True))


def test_a_clients_administrators_get_one_email(cast, spec, now):
    make_stuck(cast, spec, now, "usage_logs")
    look(now + timedelta(hours=23))
    assert letters(cast.client_id("indus")) == []
    for hours in (0, 1, 2):
        look(now + LATER + timedelta(hours=hours))
    assert letters(cast.client_id("indus")) == ["farah@indus.example"]
    assert letters(PAKTALEEM) == letters(cast.client_id("khyber")) == []


def test_officers_get_emails_about_paktaleems_own_systems(cast, spec, now):
    make_stuck(cast, spec, now, "billing")
    look(now + LATER)
    look(now + LATER + timedelta(hours=1))
    assert letters(PAKTALEEM) == ["amina@paktaleem.example"]
    assert letters(cast.client_id("indus")) == []


def test_an_order_stuck_in_another_state_is_reported_again(cast, spec, now):
    order = make_stuck(cast, spec, now, "usage_logs")
    look(now + LATER)
    with in_client(cast.client_id("indus")):
        accept_order(order, actor=cast.key_actor("indus"), at=now + LATER)
    look(now + LATER + timedelta(days=2))
    assert len(letters(cast.client_id("indus"))) == 1
    look(now + LATER + timedelta(days=4))
    assert len(letters(cast.client_id("indus"))) == 2
    with in_client(cast.client_id("indus")):
        assert sorted(OrderAlert.objects.values_list("state", flat=True)) == ["accepted", "queued"]


def test_many_stuck_orders_are_raised_in_one_statement_and_once(cast, indus, issue, django_assert_num_queries, now):
    for person in ("danish", "hamza", "iqra"):
        issue(person=person)
    with django_assert_num_queries(3):  # with its savepoint
        raised = raise_alerts(indus.id, at=now + LATER)
    assert raised == (3, 0)
    assert raise_alerts(indus.id, at=now + LATER) == (0, 0)
    same = OrderAlert.objects.earliest("id")
    same.pk = new_id()
    with pytest.raises(IntegrityError, match="orderalert_once_a_state"), transaction.atomic():
        same.save(force_insert=True)


def make_stuck(cast, spec, now, category):
    with in_client(cast.client_id("indus")):
        asked = spec(categories=(category,))
        return issue_orders(cast.subject("danish"), asked, actor=SETTING_UP, at=now)[0]
