"""The states of an invitation, and the transitions between them. Pure."""

from enum import StrEnum


class State(StrEnum):
    """The state of an invitation of one guardian about one child."""

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
AWAITING_ANSWER = frozenset({State.NOTICE_SENT, State.DELIVERY_FAILED, State.VIEWED})
"""States in which a message has been sent and no answer has been given."""

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
"""The states that may follow each state. An answer on paper or in person ends an invitation in any open state."""


def may_become(before: str, after: str) -> bool:
    """Return True if the state ``after`` may follow ``before``."""
    return State(after) in NEXT[State(before)]
