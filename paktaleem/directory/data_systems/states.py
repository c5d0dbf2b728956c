"""State machine of one order: the steps between its states. Pure.

    queued → sent → accepted → confirmed | not_found | not_applicable | failed
                        → disputed → confirmed | not_found | not_applicable by two people, or answered again
                               failed → (its retry is due, or requested by a person) → queued, sent or accepted again
    any open state → recalled by a hold → queued when the hold is lifted
    any open state but recalled → waived
    any open state → not_applicable, when the person's key is destroyed and no answer is possible

Any other step is refused.
"""

from enum import StrEnum
from http import HTTPStatus

from paktaleem.foundation.errors import PortalError, Problem


class State(StrEnum):
    """State of an order."""

    QUEUED = "queued"
    """not fetched yet"""
    SENT = "sent"
    """fetched by the system"""
    ACCEPTED = "accepted"
    """the system reported that it has started"""
    CONFIRMED = "confirmed"
    """carried out"""
    NOT_FOUND = "not_found"
    """the system has no such person; distinct from done"""
    FAILED = "failed"
    """an attempt failed; retried when due, or on a person's request"""
    DISPUTED = "disputed"
    """the answer contradicts what the system had reported, and two people have not accepted it"""
    RECALLED = "recalled"
    """a hold keeps the data: the order must not be carried out until the hold is lifted"""
    NOT_APPLICABLE = "not_applicable"
    """the system states, with a reason, that the order cannot or may not be carried out"""
    WAIVED = "waived"
    """two people decided to continue without an answer"""


ENDED = frozenset({State.CONFIRMED, State.NOT_FOUND, State.NOT_APPLICABLE, State.WAIVED})
"""Final states."""
OPEN = frozenset(State) - ENDED


class Step(StrEnum):
    """A step of an order."""

    SEND = "send"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    MISS = "miss"
    DECLINE = "decline"
    DISPUTE = "dispute"
    FAIL = "fail"
    RETRY = "retry"
    WAIVE = "waive"
    LAPSE = "lapse"
    RECALL = "recall"
    RELEASE = "release"


class Outcome(StrEnum):
    """A system's final answer."""

    DONE = "done"
    NOT_FOUND = "not_found"
    NOT_APPLICABLE = "not_applicable"

    @property
    def step(self) -> Step:
        """The step to which the answer leads."""
        return {Outcome.DONE: Step.CONFIRM, Outcome.NOT_FOUND: Step.MISS}.get(self, Step.DECLINE)


_ANSWERABLE = frozenset({State.ACCEPTED, State.DISPUTED})
_NEXT: dict[Step, tuple[frozenset[State], State]] = {
    Step.SEND: (frozenset({State.QUEUED, State.FAILED}), State.SENT),
    Step.ACCEPT: (frozenset({State.QUEUED, State.SENT, State.FAILED, State.DISPUTED}), State.ACCEPTED),
    Step.CONFIRM: (_ANSWERABLE, State.CONFIRMED),
    Step.MISS: (_ANSWERABLE, State.NOT_FOUND),
    Step.DECLINE: (_ANSWERABLE, State.NOT_APPLICABLE),
    Step.DISPUTE: (_ANSWERABLE, State.DISPUTED),
    Step.FAIL: (frozenset({State.ACCEPTED}), State.FAILED),
    Step.RETRY: (frozenset({State.FAILED}), State.QUEUED),
    Step.WAIVE: (OPEN - {State.RECALLED}, State.WAIVED),
    Step.LAPSE: (OPEN, State.NOT_APPLICABLE),
    Step.RECALL: (OPEN - {State.RECALLED}, State.RECALLED),
    Step.RELEASE: (frozenset({State.RECALLED}), State.QUEUED),
}

KIND_OF_ENTRY = {state: f"order.{state}" for state in State if state is not State.QUEUED} | {
    State.QUEUED: "order.requeued"
}
"""Kind of ledger entry by the new state; the first entry of an order is ``order.created``."""


class StepRefused(PortalError):
    """The step is not allowed in the order's current state, ``state``."""

    problem = Problem(
        "order-not-there",
        HTTPStatus.CONFLICT,
        "The order's state does not allow this step",
        "Accept an order before you answer it; GET /api/v1/orders/{id} returns its state.",
    )
    console_message = "The order has changed in the meantime: check it again."

    def __init__(self, state: State, step: Step) -> None:
        """Store the state and the step."""
        super().__init__(f"{step} does not follow {state}.")
        self.state, self.step = state, step


def next_state(state: State | str, step: Step) -> State:
    """Return the state to which a step leads. Raises StepRefused."""
    before, after = _NEXT[step]
    if State(state) not in before:
        raise StepRefused(State(state), step)
    return after
