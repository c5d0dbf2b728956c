"""How an invitation goes on: from asking a guardian to their answer, or to forgetting that they were asked. Pure."""

from enum import StrEnum

__all__ = ["ANSWERED", "ASKED", "NEXT", "OPEN", "State", "may_become"]


class State(StrEnum):
    """Where one invitation of one guardian about one child stands."""

    CONTACT_PENDING = "contact_pending"
    NOTICE_SENT = "notice_sent"
    DELIVERY_FAILED = "delivery_failed"
    VIEWED = "viewed"
    VERIFYING = "verifying"
    GIVEN = "given"
    REFUSED = "refused"
    EXPIRED = "expired"


ANSWERED = frozenset({State.GIVEN, State.REFUSED})
OPEN = frozenset(State) - ANSWERED - {State.EXPIRED}
ASKED = frozenset({State.NOTICE_SENT, State.DELIVERY_FAILED, State.VIEWED})
"""A letter has been asked for, and no answer has come."""

NEXT: dict[State, frozenset[State]] = {
    State.CONTACT_PENDING: frozenset({State.NOTICE_SENT, State.GIVEN, State.REFUSED, State.EXPIRED}),
    State.NOTICE_SENT: frozenset(
        {State.VIEWED, State.DELIVERY_FAILED, State.VERIFYING, State.GIVEN, State.REFUSED, State.EXPIRED}
    ),
    State.DELIVERY_FAILED: frozenset(
        {State.NOTICE_SENT, State.VIEWED, State.VERIFYING, State.GIVEN, State.REFUSED, State.EXPIRED}
    ),
    State.VIEWED: frozenset({State.VERIFYING, State.GIVEN, State.REFUSED, State.EXPIRED}),
    State.VERIFYING: frozenset({State.GIVEN, State.REFUSED, State.EXPIRED}),
    State.GIVEN: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset(),
}
"""What may follow on what. An answer by paper or in person ends an invitation from wherever it stands."""


def may_become(before: str, after: str) -> bool:
    """Say whether a state may follow on another."""
    return State(after) in NEXT[State(before)]
