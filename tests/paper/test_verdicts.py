"""Verdicts on rows, over every combination of facts."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.paper.models import EntryProblem, EntryState
from consent.paper.verdicts import SERVICE, SHARING, Problem, PurposeFacts, RowFacts, RowState, Signer, judge_row

MADE = datetime(2026, 9, 10, 8, tzinfo=UTC)
SIGNED = datetime(2026, 9, 20, 19, tzinfo=UTC)
EARLIER, LATER = SIGNED - timedelta(days=1), SIGNED + timedelta(days=1)
OLD, NEW = UUID(int=1), UUID(int=2)
FACTS: dict[str, Any] = {"printed": OLD, "in_effect": OLD, "rests_on_consent": True}


def case(answers=None, facts=None, **changed):
    values = {
        "answers": {"newsletter": True} if answers is None else answers,
        "by_guardian": False,
        "signed_at": SIGNED,
        "form_made_at": MADE,
        "purposes": {"newsletter": PurposeFacts(**{**FACTS, **(facts or {})})},
        "is_child": False,
        **changed,
    }
    return RowFacts(**values)


def test_states_and_problems_match_the_models_choices():
    assert [one.value for one in RowState] == EntryState.values
    assert [one.value for one in Problem] == EntryProblem.values


def test_a_row_without_problems_is_matched():
    verdict = judge_row(case())
    assert (verdict.standing, verdict.problem, verdict.record) == (RowState.MATCHED, None, ("newsletter",))


NO = {"newsletter": False}


@pytest.mark.parametrize(
    ("changed", "standing", "problem"),
    [
        ({"is_erased": True}, "unmatched", "erased"),
        ({"by_guardian": True, "is_child": True}, "guardian", "guardian_answered"),
        ({"by_guardian": True, "is_child": True, "answers": NO}, "guardian", "guardian_answered"),
        ({"by_guardian": True}, "contradictory", "of_age"),
        ({"is_child": True}, "guardian", "child_gave"),
        ({"is_child": True, "answers": NO}, "matched", None),
        ({"signed_at": MADE - timedelta(seconds=1)}, "contradictory", "before_form"),
        ({"rows_differ": True}, "contradictory", "rows_differ"),
        ({"answers": {"other": True}}, "contradictory", "not_on_form"),
        ({"facts": {"printed": None}}, "contradictory", "not_on_form"),
        ({"facts": {"rests_on_consent": False}}, "outdated", "not_consent"),
        ({"facts": {"in_effect": NEW}}, "outdated", "notice_changed"),
        ({"facts": {"in_effect": None}}, "outdated", "notice_changed"),
        ({"facts": {"in_effect": NEW}, "answers": NO}, "matched", None),
        ({"facts": {"widened_at": MADE}}, "outdated", "notice_changed"),
        ({"facts": {"widened_at": LATER}}, "outdated", "notice_changed"),
        ({"facts": {"widened_at": MADE - timedelta(seconds=1)}}, "matched", None),
        ({"facts": {"widened_at": LATER}, "answers": NO}, "matched", None),
        ({"facts": {"last": ("refused", LATER)}}, "contradictory", "ended_since"),
        ({"facts": {"last": ("refused", SIGNED)}}, "contradictory", "ended_since"),
        ({"facts": {"last": ("refused", EARLIER)}}, "matched", None),
        ({"facts": {"last": ("given", LATER)}, "answers": NO}, "contradictory", "later_answer"),
        ({"facts": {"last": ("withdrawn", LATER), "ended_at": LATER}}, "contradictory", "ended_since"),
        ({"facts": {"last": ("withdrawn", SIGNED), "ended_at": SIGNED}}, "contradictory", "ended_since"),
        ({"facts": {"last": ("withdrawn", EARLIER), "ended_at": EARLIER}}, "matched", None),
        ({"facts": {"last": ("refused", EARLIER), "ended_at": LATER}}, "contradictory", "ended_since"),
    ],
)
def test_a_row_with_a_problem_waits(changed, standing, problem):
    verdict = judge_row(case(**changed))
    assert (verdict.standing, verdict.problem) == (standing, problem)
    assert bool(verdict.record) == (standing == "matched")


@pytest.mark.parametrize(
    ("answers", "last"), [({"newsletter": True}, "given"), (NO, "refused"), (NO, "withdrawn"), (NO, "revoked")]
)
def test_the_same_later_answer_is_not_recorded_again(answers, last):
    verdict = judge_row(case(answers, {"last": (last, LATER)}))
    assert (verdict.standing, verdict.record, verdict.already) == ("matched", (), ("newsletter",))


def test_staff_may_choose_a_row_over_other_rows_and_a_refusal_over_a_later_consent():
    chosen = case(NO, {"last": ("given", LATER)}, rows_differ=True)
    assert judge_row(chosen).record == ()
    assert judge_row(chosen, insists=True).record == ("newsletter",)


@pytest.mark.parametrize(
    "facts",
    [
        {"last": ("withdrawn", LATER), "ended_at": LATER},
        {"last": ("refused", LATER)},
        {"in_effect": NEW},
        {"widened_at": LATER},
        {"printed": None},
    ],
)
def test_invalid_answers_cannot_be_chosen(facts):
    assert judge_row(case(facts=facts), insists=True).record == ()


def test_each_purpose_is_judged_separately():
    changed = PurposeFacts(**{**FACTS, "in_effect": NEW})
    both = case({"newsletter": True, "research": True}, purposes={**case().purposes, "research": changed})
    verdict = judge_row(both)
    assert (verdict.standing, verdict.record, verdict.left_out) == (
        "outdated",
        ("newsletter",),
        {"research": "notice_changed"},
    )


moments = st.sampled_from([EARLIER, SIGNED, LATER])
states = st.sampled_from(["given", "refused", "withdrawn", "revoked", "invalidated"])


@given(
    gives=st.booleans(),
    last=st.none() | st.tuples(states, moments),
    ended_at=st.none() | moments,
    in_effect=st.sampled_from([OLD, NEW, None]),
    insists=st.booleans(),
)
def test_consent_is_never_recorded_after_its_end_or_under_another_notice(gives, last, ended_at, in_effect, insists):
    facts = {"last": last, "ended_at": ended_at, "in_effect": in_effect}
    verdict = judge_row(case({"newsletter": gives}, facts), insists=insists)
    if gives and verdict.record:
        assert in_effect == OLD
        assert ended_at is None or ended_at < SIGNED


@pytest.mark.parametrize(("child", "guardian", "gives"), list(product([True, False], repeat=3)))
def test_no_consent_is_recorded_for_a_child(child, guardian, gives):
    for insists in (True, False):
        verdict = judge_row(
            case({"newsletter": gives}, is_child=child, by_guardian=guardian, rows_differ=True), insists=insists
        )
        assert not (child and gives and verdict.record)
        assert not (guardian and verdict.record)


SERVED: dict[str, Any] = {"printed": "hash", "in_effect": "hash", "rests_on_consent": True}


@pytest.mark.parametrize("insists", [True, False])
def test_a_child_who_refuses_only_outside_recipients_is_not_confirmed(insists):
    purposes = {SHARING: PurposeFacts(**SERVED)}
    facts = case({SHARING: False}, purposes=purposes, is_child=True, for_guardians=True)
    verdict = judge_row(facts, insists=insists)
    assert (verdict.record, verdict.already, verdict.problem) == ((), (), Problem.NOT_AUTHORISED)


@given(
    answers=st.dictionaries(st.sampled_from([SERVICE, SHARING, "newsletter"]), st.booleans(), min_size=1),
    signer=st.sampled_from(Signer),
    is_child=st.booleans(),
    by_phone=st.booleans(),
    in_effect=st.sampled_from(["hash", "other"]),
    last=st.none() | st.tuples(states, moments),
    ended_at=st.none() | moments,
    other_refused=st.booleans(),
    insists=st.booleans(),
)
def test_a_guardians_consent_needs_authority_and_consent_to_the_platform(
    *, answers, signer, is_child, by_phone, in_effect, last, ended_at, other_refused, insists
):
    service = PurposeFacts(
        **{**SERVED, "in_effect": in_effect}, last=last, ended_at=ended_at, other_refused=other_refused
    )
    of_purpose = PurposeFacts(**FACTS)
    facts = RowFacts(
        answers=answers,
        by_guardian=True,
        signed_at=SIGNED,
        form_made_at=MADE,
        purposes={SERVICE: service, SHARING: service, "newsletter": of_purpose},
        is_child=is_child,
        for_guardians=True,
        signer=signer,
        by_phone=by_phone,
    )
    verdict = judge_row(facts, insists=insists)
    given = [code for code in verdict.record if answers[code]]
    if verdict.record:
        assert is_child
        assert signer in {Signer.NAMED, Signer.CLAIMED} or (signer == Signer.NEW and insists)
    if given:
        assert not by_phone
        assert answers[SERVICE]
        assert SERVICE in {*verdict.record, *verdict.already}
    if SERVICE in given:
        assert in_effect == "hash"
        assert ended_at is None or ended_at < SIGNED
        assert insists or not other_refused
    assert set(answers) == {*verdict.record, *verdict.already, *verdict.left_out} or verdict.problem is not None


@pytest.mark.parametrize("insists", [True, False])
def test_a_form_for_guardians_records_nothing_once_the_child_is_of_age(insists):
    for by_guardian in (True, False):
        verdict = judge_row(
            case(by_guardian=by_guardian, for_guardians=True, signer=Signer.NAMED, is_child=False), insists=insists
        )
        assert (verdict.standing, verdict.problem, verdict.record) == ("contradictory", "of_age", ())
