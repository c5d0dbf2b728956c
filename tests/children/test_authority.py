"""The combined result of guardians' answers: a table of cases, and properties that hold for all answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from children.guardians.authority import Answer, Guardian, Standing, VerificationPeriod, combine_answers, grants_more

AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ONE_TICK = timedelta(microseconds=1)


def answer(decision, *, days_ago=1, shares=None, number=1, expires_at=None):
    return Answer(UUID(int=number), decision, AT - days_ago * DAY, shares, expires_at)


def guardian(number=1, said=None, *, strength=2, **values):
    given_: dict[str, Any] = {
        "starts_at": AT - 9 * DAY,
        "may_consent": True,
        "verified": (VerificationPeriod(strength, AT - 9 * DAY),),
    }
    return Guardian(id=UUID(int=number), person=UUID(int=100 + number), answer=said, **given_ | values)


def state(*guardians, own_no=None):
    return combine_answers(guardians, AT, own_no=own_no).state


def test_without_guardians_or_answers_there_is_no_authorisation():
    assert state() is None
    assert state(guardian()) is None


def test_the_consent_of_a_verified_guardian_is_in_force():
    found = combine_answers([guardian(said=answer("given", number=7))], AT)
    assert (found.state, found.answer, found.persons) == ("given", UUID(int=7), frozenset({UUID(int=101)}))


@pytest.mark.parametrize(
    "values",
    [
        {"may_consent": False},
        {"court_order": True},
        {"verified": ()},
        {"verified": (VerificationPeriod(2, AT - DAY, AT),)},
        {"verified": (VerificationPeriod(2, AT + ONE_TICK),)},
        {"ends_at": AT},
        {"erased_at": AT},
        {"starts_at": AT + ONE_TICK},
        {"said": answer("given", expires_at=AT)},
    ],
)
def test_a_consent_without_authority_or_time_left_has_lapsed(values):
    values = {"said": answer("given"), **values}
    assert state(guardian(**values)) == "lapsed"


@pytest.mark.parametrize("values", [{"ends_at": AT + ONE_TICK}, {"erased_at": AT + ONE_TICK}])
def test_a_consent_counts_until_its_end_which_is_returned(values):
    found = combine_answers([guardian(said=answer("given"), **values)], AT)
    assert (found.state, found.until) == ("given", AT + ONE_TICK)


@pytest.mark.parametrize("word", ["refused", "withdrawn"])
@pytest.mark.parametrize("days_ago", [1, 5])
def test_a_refusal_overrides_the_others_consent_whichever_came_last(word, days_ago):
    found = combine_answers(
        [guardian(1, answer("given", days_ago=3)), guardian(2, answer(word, days_ago=days_ago))], AT
    )
    assert (found.state, found.in_conflict) == (word, True)


def test_an_answer_that_is_not_understood_counts_as_a_refusal():
    assert state(guardian(said=answer("perhaps"))) == "refused"


def test_the_refusal_of_a_guardian_never_verified_or_ended_does_not_count():
    yes = guardian(1, answer("given"))
    assert state(yes, guardian(2, answer("refused"), verified=())) == "given"
    assert state(yes, guardian(2, answer("refused"), ends_at=AT)) == "given"
    assert state(yes, guardian(2, answer("refused"), court_order=True)) == "given"


def test_a_refusal_outlasts_the_verification():
    expired = (VerificationPeriod(2, AT - 2 * DAY, AT - DAY),)
    assert state(guardian(1, answer("given")), guardian(2, answer("refused"), verified=expired)) == "refused"


def test_a_refusal_outlasts_a_verification_found_false():
    yes, once = guardian(1, answer("given")), {"verified": (), "once_verified_at": AT - 2 * DAY}
    assert state(yes, guardian(2, answer("refused"), **once)) == "refused"
    assert state(yes, guardian(2, answer("refused"), **once | {"once_verified_at": AT + ONE_TICK})) == "given"
    assert state(guardian(2, answer("given"), **once)) == "lapsed"


@pytest.mark.parametrize("word", ["refused", "withdrawn"])
def test_the_refusal_of_an_erased_guardian_holds_until_another_guardian_answers(word):
    gone = guardian(2, answer(word, days_ago=3), erased_at=AT - DAY)
    assert state(gone) == word
    for days_ago in (5, 2, 1):
        found = combine_answers([guardian(1, answer("given", days_ago=days_ago)), gone], AT)
        assert (found.state, found.in_conflict) == (word, True)
    assert state(guardian(1, answer("given", days_ago=0.5)), gone) == "given"
    assert state(guardian(1, answer("given", days_ago=0.5), verified=()), gone) == word


def test_the_refusal_of_an_erased_guardian_counts_no_more_than_before():
    yes = guardian(1, answer("given", days_ago=2))
    for values in ({"verified": ()}, {"ends_at": AT}, {"court_order": True}, {"may_consent": False}):
        assert state(yes, guardian(2, answer("refused", days_ago=3), erased_at=AT - DAY, **values)) == "given"
    assert state(yes, guardian(2, answer("given", days_ago=3), erased_at=AT - DAY)) == "given"


def test_the_refusal_of_a_child_is_in_effect_until_a_guardian_answers_anew():
    assert state(guardian(said=answer("given", days_ago=3)), own_no=answer("withdrawn", days_ago=2)) == "withdrawn"
    assert state(guardian(said=answer("given", days_ago=1)), own_no=answer("withdrawn", days_ago=2)) == "given"
    assert state(own_no=answer("refused")) == "refused"


@pytest.mark.parametrize(
    ("said", "shared"),
    [
        ([(2, True)], True),
        ([(2, False)], False),
        ([(2, None)], False),
        ([(1, True)], False),
        ([(2, True), (3, True)], True),
        ([(2, True), (3, False)], False),
        ([(2, True), (3, None)], False),
        ([(2, True), (1, None)], True),
        ([(2, True), (1, False)], False),
    ],
)
def test_sharing_needs_all_who_are_strong_enough_and_no_no(said, shared):
    guardians = [
        guardian(number, answer("given", shares=shares), strength=strength)
        for number, (strength, shares) in enumerate(said, 1)
    ]
    assert combine_answers(guardians, AT).may_share is shared


def test_the_strongest_consent_states_its_strength():
    guardians = [guardian(1, answer("given"), strength=1), guardian(2, answer("given"), strength=3), guardian(3)]
    assert combine_answers(guardians, AT).strength == 3


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        (Standing("refused"), Standing("given"), True),
        (Standing(None), Standing("given"), True),
        (Standing("given"), Standing("given"), False),
        (Standing("given"), Standing("refused"), False),
        (Standing("given", strength=1), Standing("given", strength=2), True),
        (Standing("given"), Standing("given", may_share=True), True),
        (Standing("refused"), Standing("lapsed"), False),
    ],
)
def test_what_opens_the_gate(before, after, opened):
    assert grants_more(before, after) is opened


moments = st.sampled_from([AT - 3 * DAY, AT - DAY, AT, AT + ONE_TICK, AT + DAY])
answers = st.builds(
    Answer,
    id=st.uuids(),
    decision=st.sampled_from(["given", "given", "refused", "withdrawn"]),
    recorded_at=moments,
    shares=st.sampled_from([None, True, False]),
    expires_at=st.none() | moments,
)
guardians = st.builds(
    Guardian,
    id=st.uuids(),
    person=st.uuids(),
    starts_at=moments,
    ends_at=st.none() | moments,
    may_consent=st.sampled_from([True, True, False]),
    court_order=st.sampled_from([False, False, True]),
    erased_at=st.none() | moments,
    verified=st.lists(st.builds(VerificationPeriod, st.integers(1, 3), moments, st.none() | moments), max_size=2).map(
        tuple
    ),
    answer=st.none() | answers,
)


def _counts(one, at):
    return (
        one.may_consent
        and not one.court_order
        and one.starts_at <= at
        and all(end is None or at < end for end in (one.ends_at, one.erased_at))
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(guardians, max_size=4))
def test_given_means_a_consent_in_force_and_no_refusal_in_force(worlds):
    found = combine_answers(worlds, AT)
    yes = [
        one
        for one in worlds
        if _counts(one, AT)
        and any(v.starts_at <= AT and (v.ends_at is None or v.ends_at > AT) for v in one.verified)
        and one.answer
        and one.answer.decision == "given"
        and one.answer.recorded_at <= AT
        and (one.answer.expires_at is None or one.answer.expires_at > AT)
    ]
    no = [
        one
        for one in worlds
        if _counts(replace(one, erased_at=None), AT)
        and any(v.starts_at <= AT for v in one.verified)
        and (one.erased_at is None or one.erased_at > AT or all(y.answer.recorded_at <= one.erased_at for y in yes))
        and one.answer
        and one.answer.decision != "given"
        and one.answer.recorded_at <= AT
    ]
    assert (found.state == "given") == bool(yes and not no)
    assert not found.may_share or any(one.answer.shares for one in yes)
    assert found.in_conflict == bool(yes and no)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(guardians, max_size=3))
def test_nothing_changes_before_the_returned_time(worlds):
    found = combine_answers(worlds, AT)
    if found.until is not None:
        later = combine_answers(worlds, found.until - ONE_TICK)
        answered = any(one.answer and one.answer.recorded_at > AT for one in worlds)
        assert answered or (later.state, later.may_share) == (found.state, found.may_share)
