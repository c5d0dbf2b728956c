"""States of a rights request, and how its state follows from what is recorded about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """State of a request (the state machine of ``peers.md``)."""

    TRIAGE = "triage"
    """The person is not known yet, so an officer looks at it."""
    IDENTITY_PENDING = "identity_pending"
    WITH_CLIENT = "with_client"
    """The client, as controller, decides."""
    IN_REVIEW = "in_review"
    """An officer of PakTaleem decides."""
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REFUSED = "refused"
    EXECUTING = "executing"
    """Decided; systems have open orders."""
    RESPONDED = "responded"
    """The person has the answer."""
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """The person withdrew the request."""
    DUPLICATE = "duplicate"
    """Continued in another request, which has the earliest clock."""
    HANDED_OVER = "handed_over"
    """Continued at the client to which it belongs, with the same number and clock."""


CLOSED = frozenset({State.CLOSED, State.WITHDRAWN, State.DUPLICATE, State.HANDED_OVER})
"""States in which nothing more happens."""


class Decider(StrEnum):
    """The controller who decides a part of a request."""

    CLIENT = "client"
    PAKTALEEM = "paktaleem"


class Decision(StrEnum):
    """Decision about one part of a request."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class RefusalCode(StrEnum):
    """Why a part of a request is refused."""

    IDENTITY_NOT_VERIFIED = "identity_not_verified"
    NO_MATCH = "no_match"
    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "excessive"
    LEGAL_OBLIGATION = "legal_obligation"
    THIRD_PARTY_RIGHTS = "third_party_rights"
    NOT_OUR_CONTROLLER = "not_our_controller"
    OUTSIDE_SCOPE = "outside_scope"


@dataclass(frozen=True, slots=True)
class PartFacts:
    """One part: who decides it, and the decision, None until then."""

    decider: Decider
    decision: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """The recorded facts about a request.

    ``needs_identity`` is False if nothing the person may get depends on who they are (a question).
    """

    parts: Sequence[PartFacts]
    is_person_known: bool
    is_identity_verified: bool
    needs_identity: bool = True
    has_open_orders: bool = False
    is_answered: bool = False
    ended_as: State | None = None


def derive_state(facts: RequestFacts) -> State:
    """Return the state of a request. Raises ValueError if ``ended_as`` is no final state."""
    if facts.ended_as is not None:
        if facts.ended_as not in CLOSED:
            raise ValueError(f"{facts.ended_as} is not a final state.")
        return facts.ended_as
    if facts.is_answered:
        return State.RESPONDED
    undecided = [part for part in facts.parts if part.decision is None]
    return _state_before_decision(facts, undecided) if undecided else _state_after_decision(facts)


def _state_before_decision(facts: RequestFacts, undecided: Sequence[PartFacts]) -> State:
    if facts.needs_identity and not facts.is_identity_verified:
        return State.IDENTITY_PENDING if facts.is_person_known else State.TRIAGE
    with_client = any(part.decider is Decider.CLIENT for part in undecided)
    return State.WITH_CLIENT if with_client else State.IN_REVIEW


def _state_after_decision(facts: RequestFacts) -> State:
    if facts.has_open_orders:
        return State.EXECUTING
    decisions = {part.decision for part in facts.parts}
    if decisions == {Decision.REFUSED}:
        return State.REFUSED
    return State.APPROVED if decisions == {Decision.GRANTED} else State.PARTLY_APPROVED
