"""The state of a rights request follows from what is recorded about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.requests.states import CLOSED, Decider, Decision, PartFacts, RequestFacts, State, derive_state

PARTS = st.lists(
    st.builds(PartFacts, st.sampled_from(Decider), st.none() | st.sampled_from(Decision)), min_size=1, max_size=5
)


def state(*parts: PartFacts, **facts: Any) -> State:
    given_facts = {"is_person_known": True, "is_identity_verified": True, **facts}
    return derive_state(RequestFacts(parts=parts, **given_facts))


CLIENT, OURS = PartFacts(Decider.CLIENT), PartFacts(Decider.PAKTALEEM)
YES, NO = PartFacts(Decider.CLIENT, Decision.GRANTED), PartFacts(Decider.PAKTALEEM, Decision.REFUSED)


def test_a_request_reaches_its_controller_only_once_the_person_is_known_and_verified() -> None:
    assert state(CLIENT, is_person_known=False, is_identity_verified=False) is State.TRIAGE
    assert state(CLIENT, is_identity_verified=False) is State.IDENTITY_PENDING
    assert state(OURS, is_person_known=False, is_identity_verified=False, needs_identity=False) is State.IN_REVIEW


def test_the_client_decides_its_parts_then_paktaleem_its_own() -> None:
    assert state(CLIENT, OURS) is State.WITH_CLIENT
    assert state(YES, OURS) is State.IN_REVIEW
    assert (state(YES, YES), state(NO, NO), state(YES, NO)) == (State.APPROVED, State.REFUSED, State.PARTLY_APPROVED)
    assert state(PartFacts(Decider.CLIENT, Decision.PARTLY)) is State.PARTLY_APPROVED


def test_systems_then_the_answer_then_the_end() -> None:
    assert state(YES, has_open_orders=True) is State.EXECUTING
    assert state(YES, has_open_orders=True, is_answered=True) is State.RESPONDED
    for ended in CLOSED:
        assert state(CLIENT, ended_as=ended) is ended
    with pytest.raises(ValueError, match="not a final state"):
        state(CLIENT, ended_as=State.EXECUTING)


@given(parts=PARTS, known=st.booleans(), verified=st.booleans(), orders=st.booleans())
def test_a_decision_is_open_exactly_while_a_part_is_undecided(
    *, parts: list[PartFacts], known: bool, verified: bool, orders: bool
) -> None:
    found = state(*parts, is_person_known=known, is_identity_verified=verified, has_open_orders=orders)
    before = {State.TRIAGE, State.IDENTITY_PENDING, State.WITH_CLIENT, State.IN_REVIEW}
    assert (found in before) == any(part.decision is None for part in parts)
    assert not (found in {State.WITH_CLIENT, State.IN_REVIEW} and not verified)
