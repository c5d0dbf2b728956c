"""When a version takes effect at a client: compared with a second, plain implementation."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.notices.effects import PublishedVersion, effect_after_proof, effects_at_client, merge_own_and_shared
from consent.register.compiled import NoticeRule, NoticeVersionRule
from tests.consent.plain_decision import plain_in_effect, plain_outdated

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
KARACHI = ZoneInfo("Asia/Karachi")
BEFORE = NOW - 100 * DAY


def number(value):
    return UUID(int=value)


def version(n, *, material=True, announced=0, effective=30, days=30):
    return PublishedVersion(number(n), n, material, NOW + announced * DAY, NOW + effective * DAY, days)


FIRST = version(1, announced=-50, effective=-50, days=0)


def after_proof(days_later, **changes):
    told = NOW + timedelta(days=days_later)
    values = {"notice_days": 30, "dispatched_at": told, "proven_at": told, "zone": KARACHI, **changes}
    return effect_after_proof(NOW + 30 * DAY, **values)


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [(0, 30), (9.9 / 24, 30), (10 / 24, 30 + 10 / 24), (1, 31), (40, 70)],
    ids=["at once", "the same day in Karachi", "after midnight in Karachi", "a day late", "after the planned moment"],
)
def test_a_client_notified_late_gets_the_same_notice(days_later, expected):
    assert after_proof(days_later) == NOW + timedelta(days=expected)


def test_nothing_takes_effect_before_its_proof_was_recorded():
    assert after_proof(0, proven_at=NOW + 31 * DAY) == NOW + 31 * DAY


def test_without_proof_a_version_has_no_effect():
    assert effects_at_client([FIRST, version(2)], proven={}, client_since=BEFORE) == (
        NoticeVersionRule(FIRST.id, FIRST.effective_at, material=True),
    )


def test_each_client_has_its_own_time_of_effect():
    moment = NOW + 33 * DAY
    found = effects_at_client([FIRST, version(2)], proven={number(2): moment}, client_since=BEFORE)
    assert [one.effective_at for one in found] == [FIRST.effective_at, moment]


@pytest.mark.parametrize("since", [None, NOW + DAY], ids=["its own notice", "came after the announcement"])
def test_a_version_takes_effect_without_proof_where_no_announcement_is_needed(since):
    found = effects_at_client([FIRST, version(2)], proven={}, client_since=since)
    assert found[-1] == NoticeVersionRule(number(2), NOW + 30 * DAY, material=True)


def test_a_minor_version_does_not_run_ahead_of_the_material_one_before_it():
    minor = version(3, material=False, announced=1, effective=31, days=0)
    unproven = effects_at_client([FIRST, version(2), minor], proven={}, client_since=BEFORE)
    assert [one.id for one in unproven] == [FIRST.id]
    late = effects_at_client([FIRST, version(2), minor], proven={number(2): NOW + 50 * DAY}, client_since=BEFORE)
    assert [one.effective_at for one in late[1:]] == [NOW + 50 * DAY] * 2


def test_a_later_text_that_comes_first_takes_the_place_of_the_earlier_one():
    proven = {number(2): NOW + 60 * DAY, number(3): NOW + 40 * DAY}
    found = effects_at_client(
        [FIRST, version(2), version(3, announced=5, effective=40)], proven=proven, client_since=BEFORE
    )
    assert [one.id for one in found] == [FIRST.id, number(3)]


def test_own_wording_takes_the_place_of_the_shared_text():
    shared = [NoticeVersionRule(number(1), NOW, True), NoticeVersionRule(number(2), NOW + 9 * DAY, True)]
    own = [NoticeVersionRule(number(3), NOW + 5 * DAY, False)]
    rule = NoticeRule("newsletter", merge_own_and_shared(own, shared))
    assert [one.id for one in rule.versions] == [number(1), number(3)]
    assert rule.outdated_at == {number(1): None, number(3): None}
    assert [rule.in_effect(NOW + days * DAY) for days in (-1, 4, 5)] == [None, shared[0], own[0]]


STEPS = st.sampled_from([-40, -10, -1, 0, 1, 20, 30, 31, 45, 60])


@st.composite
def histories(draw):
    """Generate versions in order, some with proof, and when the client joined."""
    found, announced, effective = [FIRST], 0, 0
    for n in range(2, draw(st.integers(2, 5)) + 1):
        material = draw(st.booleans())
        announced += draw(st.integers(0, 20))
        effective = max(effective, announced + (30 if material else 0) + draw(st.integers(0, 20)))
        found.append(
            version(n, material=material, announced=announced, effective=effective, days=30 if material else 0)
        )
    proven = {}
    for one in found[1:]:
        if one.notice_days and draw(st.booleans()):
            late = NOW + timedelta(days=draw(st.integers(0, 90)))
            proven[one.id] = max(one.effective_at, late)
    since = draw(st.none() | STEPS.map(lambda days: NOW + days * DAY))
    return found, proven, since


@given(histories(), st.integers(-60, 150), st.integers(1, 5))
def test_the_derivation_agrees_with_the_plain_one(history, days, under):
    versions, proven, since = history
    at = NOW + days * DAY
    rule = NoticeRule("newsletter", effects_at_client(versions, proven=proven, client_since=since))
    current = rule.in_effect(at)
    assert (current and current.id.int) == plain_in_effect(versions, proven, since, at)
    if number(under) in rule.outdated_at and under <= (current.id.int if current else 0):
        outdated_at = rule.outdated_at[number(under)]
        assert (outdated_at is not None and outdated_at <= at) == plain_outdated(versions, proven, since, under, at)
