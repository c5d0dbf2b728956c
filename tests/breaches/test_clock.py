"""The 72-hour clock and the risk, against plain second implementations."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from retention.breaches.models import Likelihood, Outcome, Severity
from retention.breaches.risk import MARKS, find_due_mark, get_deadline, is_late, suggest_outcome, whole_hours_left

KNOWN = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
seconds = st.integers(0, 200 * 3600)
times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- zone given


@given(known_at=times, after=seconds)
def test_hours_are_counted_in_whole_seconds_over_every_change_of_the_clock(known_at: datetime, after: int) -> None:
    at = known_at + timedelta(seconds=after)
    left = 72 * 3600 - after
    assert get_deadline(known_at) - at == timedelta(seconds=left)
    assert whole_hours_left(known_at, at) == left // 3600
    assert is_late(known_at, at) == (left < 0)


@given(after=seconds, done=st.sets(st.sampled_from(MARKS)))
def test_the_most_urgent_mark_is_due_unless_it_or_a_more_urgent_one_is_done(after: int, done: set[int]) -> None:
    reached = [mark for mark in (48, 24, 12, 0) if after >= (72 - mark) * 3600]
    expected = reached[-1] if reached and not done & set(range(reached[-1] + 1)) else None
    assert find_due_mark(KNOWN, KNOWN + timedelta(seconds=after), done=done) == expected


@given(steps=st.lists(st.integers(1, 30 * 3600), max_size=12))
def test_whenever_the_worker_looks_no_mark_is_due_twice_and_the_last_one_is_not_missed(steps: list[int]) -> None:
    at = KNOWN
    done: list[int] = []
    for step in steps:
        at += timedelta(seconds=step)
        mark = find_due_mark(KNOWN, at, done=done)
        done += [] if mark is None else [mark]
    assert done == sorted(set(done), reverse=True)
    reached = [mark for mark in MARKS if sum(steps) >= (72 - mark) * 3600]
    assert done[-1:] == reached[-1:]


def test_the_deadline_itself_is_not_late() -> None:
    assert not is_late(KNOWN, KNOWN + timedelta(hours=72))
    assert is_late(KNOWN, KNOWN + timedelta(hours=72, seconds=1))
    assert whole_hours_left(KNOWN, KNOWN + timedelta(hours=72, seconds=1)) == -1


def test_a_higher_risk_never_informs_fewer() -> None:
    order = [Outcome.NONE, Outcome.AUTHORITY, Outcome.PEOPLE]
    rank = {
        (likelihood, severity): order.index(Outcome(suggest_outcome(likelihood, severity)))
        for likelihood, severity in product(Likelihood, Severity)
    }
    likelihoods, severities = list(Likelihood), list(Severity)
    for (likelihood, severity), found in rank.items():
        for other, worse in rank.items():
            is_worse = likelihoods.index(other[0]) >= likelihoods.index(likelihood)
            if is_worse and severities.index(other[1]) >= severities.index(severity):
                assert worse >= found
    assert rank[Likelihood.UNLIKELY, Severity.MINOR] == 0
    assert rank[Likelihood.LIKELY, Severity.SEVERE] == 2
    assert [pair for pair, found in rank.items() if found == 0] == [(Likelihood.UNLIKELY, Severity.MINOR)]
