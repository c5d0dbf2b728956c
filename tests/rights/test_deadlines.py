"""The deadlines of rights requests: thirty days that never move, and steps that are neither lost nor doubled."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from rights.requests.deadlines import ANSWER_TIME, LONGEST_PAUSE, Pause, RequestClock, StepKind, list_due_steps
from rights.requests.states import CLOSED, Decider, Decision, RequestFacts, State, derive_state

KARACHI, BERLIN = "Asia/Karachi", "Europe/Berlin"
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = st.sampled_from([KARACHI, BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- with UTC
SPANS = st.integers(0, 90 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def clock_of(received_at=AT, zone=KARACHI, **facts):
    return RequestClock(received_at=received_at, due_at=received_at + 30 * DAY, zone=zone, **facts)


@st.composite
def clocks(draw):
    """Return a clock in any state, with pauses that may overlap and one that may still run."""
    received_at = draw(TIMES)
    starts = [received_at + span for span in draw(st.lists(SPANS, max_size=4))]
    pauses = tuple(Pause(one, one + span if (span := draw(st.none() | SPANS)) is not None else None) for one in starts)
    return RequestClock(
        received_at=received_at,
        due_at=received_at + draw(st.integers(28, 30)) * DAY,
        zone=draw(ZONES),
        pauses=pauses,
        extension=draw(st.integers(0, 60)) * DAY,
        notice_at=draw(st.none() | SPANS.map(lambda span: received_at + span)),
        awaits_client=draw(st.booleans()),
    )


@given(clocks(), SPANS)
def test_nothing_moves_the_due_date(clock, later):
    assert clock.expected_by(clock.received_at + later) >= clock.due_at


@given(clocks(), SPANS, SPANS)
def test_the_expected_date_moves_only_by_pauses_and_the_extension(clock, first, more):
    at = clock.received_at + first
    assert clock.expected_by(at) == clock.due_at + clock.paused_time(at) + clock.extension
    assert timedelta() <= clock.paused_time(at + more) - clock.paused_time(at) <= more
    assert clock.paused_time(at) <= min(first, LONGEST_PAUSE)


def test_pauses_that_overlap_count_once():
    pauses = (Pause(AT + DAY, AT + 4 * DAY), Pause(AT + 2 * DAY, AT + 3 * DAY), Pause(AT + 3 * DAY, AT + 6 * DAY))
    assert clock_of(pauses=pauses).paused_time(AT + 20 * DAY) == 5 * DAY


def test_a_pause_does_not_keep_a_request_from_being_overdue():
    clock = clock_of(pauses=(Pause(AT + DAY),))
    assert not clock.is_overdue(AT + 30 * DAY - timedelta(seconds=1))
    assert clock.is_overdue(AT + 30 * DAY)


def test_a_pause_after_a_notice_that_no_one_ends_moves_the_deadline_by_thirty_days_and_no_more():
    clock = clock_of(
        extension=DAY, notice_at=AT + 2 * DAY, pauses=(Pause(AT + 3 * DAY, AT + 13 * DAY), Pause(AT + 20 * DAY))
    )
    assert clock.answer_by(AT + 21 * DAY) == AT + 61 * DAY, "with the pause at its longest"
    assert not clock.is_overdue(AT + 60 * DAY)
    assert clock.is_overdue(AT + 61 * DAY)
    assert clock.is_overdue(AT + 400 * DAY)
    assert days_of(clock, AT + 60 * DAY) == [7, 3, 1]


def test_a_pause_after_the_deadline_ends_no_delay():
    clock = clock_of(extension=DAY, notice_at=AT + 2 * DAY, pauses=(Pause(AT + 40 * DAY),))
    assert clock.answer_by(AT + 40 * DAY) == AT + 31 * DAY
    assert clock.is_overdue(AT + 41 * DAY)


def test_a_reasoned_notice_does_until_the_expected_date():
    clock = clock_of(extension=10 * DAY, notice_at=AT + 26 * DAY)
    assert not clock.is_overdue(AT + 30 * DAY)
    assert clock.is_overdue(AT + 40 * DAY)


def days_of(clock, at, kind=StepKind.REMINDER):
    return [step.days_left for step in list_due_steps(clock, at=at) if step.kind is kind]


def test_reminders_come_seven_three_and_one_day_before_then_daily():
    assert days_of(clock_of(), AT + 22 * DAY) == []
    assert days_of(clock_of(), AT + 23 * DAY) == [7]
    assert days_of(clock_of(), AT + 29 * DAY) == [7, 3, 1]
    assert days_of(clock_of(), AT + 33 * DAY) == [7, 3, 1, 0, -1, -2, -3]


def test_the_client_is_escalated_on_day_twenty_and_needs_a_notice_on_day_twenty_seven():
    clock = clock_of(awaits_client=True)
    for kind, day in ((StepKind.ESCALATION, 20), (StepKind.NOTICE_NEEDED, 27), (StepKind.OVERDUE, 30)):
        assert days_of(clock, AT + day * DAY - timedelta(seconds=1), kind) == []
        assert days_of(clock, AT + day * DAY, kind) == [30 - day]
    ours = clock_of(awaits_client=False)
    assert {step.kind for step in list_due_steps(ours, at=AT + 31 * DAY)} == {StepKind.REMINDER, StepKind.OVERDUE}
    with_notice = clock_of(awaits_client=True, notice_at=AT + 26 * DAY, extension=10 * DAY)
    assert days_of(with_notice, AT + 31 * DAY, StepKind.NOTICE_NEEDED) == []


def test_a_notice_moves_the_reminders_to_the_expected_date():
    clock = clock_of(notice_at=AT + 26 * DAY, extension=20 * DAY)
    assert days_of(clock, AT + 42 * DAY) == []
    assert days_of(clock, AT + 51 * DAY) == [7, 3, 1, 0, -1]


def test_nothing_is_due_after_the_answer():
    assert list_due_steps(clock_of(answered_at=AT + DAY, awaits_client=True), at=AT + 99 * DAY) == []


def test_days_are_days_at_the_client_also_when_its_clock_changes():
    received = datetime(2026, 10, 1, 22, 30, tzinfo=UTC)  # 2 October in Karachi, half past midnight in Berlin
    step = next(one for one in list_due_steps(clock_of(received, BERLIN), at=received + 23 * DAY))
    assert step.on == date(2026, 10, 24)
    assert step.at.astimezone(ZoneInfo(BERLIN)).hour == 23  # as the due date, which is in winter time
    assert step.at == datetime(2026, 10, 24, 21, 30, tzinfo=UTC)
    [first, *_] = list_due_steps(clock_of(received, KARACHI), at=received + 23 * DAY)
    assert (first.on, first.at) == (date(2026, 10, 25), received + 23 * DAY)


@given(clocks(), st.lists(SPANS, min_size=1, max_size=12))
def test_an_outage_loses_no_step_and_a_repeated_run_doubles_none(clock, runs):
    """Whenever the worker ran before, the last run completes what one run at that time would do.

    While a notice is in effect the deadline moves with each pause, so this holds between two pauses.
    """
    if clock.notice_at is not None:
        clock = replace(clock, pauses=(), awaits_client=False)
    done = set()
    last = clock.received_at + max(runs)
    for at in sorted(clock.received_at + run for run in runs):
        due = list_due_steps(clock, at=at)
        assert len({(step.kind, step.on) for step in due}) == len(due), "no two of a kind on a day"
        done |= {(step.kind, step.on) for step in due}
    assert done == {(step.kind, step.on) for step in list_due_steps(clock, at=last)}


@given(clocks(), SPANS)
def test_no_step_is_in_the_future_and_overdue_is_one_of_them(clock, later):
    at = clock.received_at + later
    steps = list_due_steps(clock, at=at)
    assert all(step.at <= at for step in steps)
    assert clock.is_overdue(at) == any(step.kind is StepKind.OVERDUE for step in steps)
    assert later < ANSWER_TIME or clock.is_overdue(at) or clock.notice_at is not None


type Part = tuple[Decider, Decision | str]

PARTS = st.lists(st.tuples(st.sampled_from(Decider), st.sampled_from(["", *Decision])), min_size=1, max_size=5)


def state(*parts, **facts):
    given_facts = {"is_person_known": True, "is_identity_verified": True, **facts}
    awaits_client = (Decider.CLIENT, "") in parts
    decisions = [decision for _decider, decision in parts]
    return derive_state(RequestFacts(decisions=decisions, awaits_client=awaits_client, **given_facts))


CLIENT, OURS = (Decider.CLIENT, ""), (Decider.PAKTALEEM, "")
YES, NO = (Decider.CLIENT, Decision.GRANTED), (Decider.PAKTALEEM, Decision.REFUSED)


def test_a_request_reaches_its_controller_only_once_the_person_is_known_and_verified():
    assert state(CLIENT, is_person_known=False, is_identity_verified=False) is State.TRIAGE
    assert state(CLIENT, is_identity_verified=False) is State.IDENTITY_PENDING
    assert state(OURS, is_person_known=False, is_identity_verified=False, needs_identity=False) is State.IN_REVIEW


def test_the_client_decides_its_parts_then_paktaleem_its_own():
    assert state(CLIENT, OURS) is State.WITH_CLIENT
    assert state(YES, OURS) is State.IN_REVIEW
    assert (state(YES, YES), state(NO, NO), state(YES, NO)) == (State.APPROVED, State.REFUSED, State.PARTLY_APPROVED)
    assert state((Decider.CLIENT, Decision.PARTLY)) is State.PARTLY_APPROVED


def test_systems_then_the_answer_then_the_end():
    assert state(YES, has_open_orders=True) is State.EXECUTING
    assert state(YES, has_open_orders=True, is_answered=True) is State.RESPONDED
    for ended in CLOSED:
        assert state(CLIENT, ended_as=ended) is ended
    with pytest.raises(ValueError, match="not a final state"):
        state(CLIENT, ended_as=State.EXECUTING)


@given(parts=PARTS, known=st.booleans(), verified=st.booleans(), orders=st.booleans())
def test_a_decision_is_open_exactly_while_a_part_is_undecided(*, parts, known, verified, orders):
    found = state(*parts, is_person_known=known, is_identity_verified=verified, has_open_orders=orders)
    before = {State.TRIAGE, State.IDENTITY_PENDING, State.WITH_CLIENT, State.IN_REVIEW}
    assert (found in before) == any(not decision for _decider, decision in parts)
    assert not (found in {State.WITH_CLIENT, State.IN_REVIEW} and not verified)
