"""The state machine of an order: every state by every step."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_the_answer_not_found_never_becomes_done():
    assert Outcome.NOT_FOUND.step is Step.MISS
    assert next_state(State.ACCEPTED, Step.MISS) is State.NOT_FOUND


@given(st.lists(st.sampled_from(Step)))
def test_an_ended_order_stays_ended(steps):
    state = State.QUEUED
    for step in steps:
        try:
            after = next_state(state, step)
        except StepRefused:
            continue
        assert state in OPEN
        state = after
    assert (state in ENDED) != (state in OPEN)


def test_every_state_has_a_kind_of_ledger_entry():
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
