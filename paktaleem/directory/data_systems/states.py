"""The life of one order: which step leads from which state to which. Pure.

    queued → sent → accepted → confirmed | not_found | not_applicable | failed
                               failed → (its time comes, or someone says so) → queued, sent or accepted again
    any of them but the answered → waived; or, when the person's key goes and with it the answer, not_applicable

A step that stands nowhere here is refused, whoever takes it.
"""

from enum import StrEnum

__all__ = ["ENDED", "KIND_OF_ENTRY", "OPEN", "Outcome", "State", "Step", "StepRefused", "next_state"]


class State(StrEnum):
    """How far an order is."""

    QUEUED = "queued"
    """nobody has fetched it yet"""
    SENT = "sent"
    """the system was given it"""
    ACCEPTED = "accepted"
    """the system says that it is at work"""
    CONFIRMED = "confirmed"
    """it is done"""
    NOT_FOUND = "not_found"
    """the system knows no such person: told apart from done"""
    FAILED = "failed"
    """an attempt failed; tried again at its time, or by a person's word"""
    NOT_APPLICABLE = "not_applicable"
    """the system says, with a reason, that this cannot or may not be done there"""
    WAIVED = "waived"
    """two people decided to do without an answer"""


ENDED = frozenset({State.CONFIRMED, State.NOT_FOUND, State.NOT_APPLICABLE, State.WAIVED})
"""Nothing follows these."""
OPEN = frozenset(State) - ENDED


class Step(StrEnum):
    """What can happen to an order."""

    SEND = "send"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    MISS = "miss"
    DECLINE = "decline"
    FAIL = "fail"
    RETRY = "retry"
    WAIVE = "waive"
    LAPSE = "lapse"


class Outcome(StrEnum):
    """What a system can answer when it has finished."""

    DONE = "done"
    NOT_FOUND = "not_found"
    NOT_APPLICABLE = "not_applicable"

    @property
    def step(self) -> Step:
        """The step that an answer is."""
        return {Outcome.DONE: Step.CONFIRM, Outcome.NOT_FOUND: Step.MISS}.get(self, Step.DECLINE)


_NEXT: dict[Step, tuple[frozenset[State], State]] = {
    Step.SEND: (frozenset({State.QUEUED, State.FAILED}), State.SENT),
    Step.ACCEPT: (frozenset({State.QUEUED, State.SENT, State.FAILED}), State.ACCEPTED),
    Step.CONFIRM: (frozenset({State.ACCEPTED}), State.CONFIRMED),
    Step.MISS: (frozenset({State.ACCEPTED}), State.NOT_FOUND),
    Step.DECLINE: (frozenset({State.ACCEPTED}), State.NOT_APPLICABLE),
    Step.FAIL: (frozenset({State.ACCEPTED}), State.FAILED),
    Step.RETRY: (frozenset({State.FAILED}), State.QUEUED),
    Step.WAIVE: (OPEN, State.WAIVED),
    Step.LAPSE: (OPEN, State.NOT_APPLICABLE),
}

KIND_OF_ENTRY = {state: f"order.{state}" for state in State if state is not State.QUEUED} | {
    State.QUEUED: "order.requeued"
}
"""The kind of ledger entry by the state that a step led to; the first is ``order.created``."""


class StepRefused(Exception):
    """The step does not lead on from where the order stands; ``state`` says where that is."""

    def __init__(self, state: State, step: Step) -> None:
        """Hold both."""
        super().__init__(f"{step} does not follow {state}.")
        self.state, self.step = state, step


def next_state(state: State | str, step: Step) -> State:
    """Return the state that a step leads to. Raises StepRefused."""
    before, after = _NEXT[step]
    if State(state) not in before:
        raise StepRefused(State(state), step)
    return after
