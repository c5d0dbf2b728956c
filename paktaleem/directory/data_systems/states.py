"""State machine of one order: the steps between its states. Pure.

    queued → sent → accepted → confirmed | not_found | not_applicable | failed
                        → disputed → confirmed | not_found | not_applicable by two people, or answered again
                               failed → (its retry is due, or requested by a person) → queued, sent or accepted again
    any open state → recalled by a hold → queued when the hold is lifted
    any open state but recalled → waived
    any open state → not_applicable, when the person's key is destroyed and no answer is possible

Any other step is refused.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from paktaleem.foundation.errors import PortalError, Problem


class State(StrEnum):
    QUEUED = "queued"  # not fetched yet
    SENT = "sent"  # fetched by the system
    ACCEPTED = "accepted"  # the system reported that it has started
    CONFIRMED = "confirmed"  # carried out
    NOT_FOUND = "not_found"  # the system has no such person; distinct from done
    FAILED = "failed"  # an attempt failed; retried when due, or on a person's request
    DISPUTED = "disputed"  # the answer contradicts what the system had reported, and two people have not accepted it
    RECALLED = "recalled"  # a hold keeps the data: the order must not be carried out until the hold is lifted
    NOT_APPLICABLE = (
        "not_applicable"  # the system states, with a reason, that the order cannot or may not be carried out
    )
    WAIVED = "waived"  # two people decided to continue without an answer


ENDED = frozenset({State.CONFIRMED, State.NOT_FOUND, State.NOT_APPLICABLE, State.WAIVED})
"""Final states."""
OPEN = frozenset(State) - ENDED


class Step(StrEnum):
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
        "The order's state does not allow this step",
        "Accept an order before you answer it; GET /api/v1/orders/{id} returns its state.",
    )
    console_message = "The order has changed in the meantime: check it again."

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(f"{step} does not follow {state}.")
        self.state, self.step = state, step


def next_state(state: State | str, step: Step) -> State:
    before, after = _NEXT[step]
    if State(state) not in before:
        raise StepRefused(State(state), step)
    return after


ON_HOLD = "on_hold"
"""The portal's own reason: a hold recalled the order before the system answered."""
PERSON_ERASED = "person_erased"
"""The portal's own reason: the person's key was destroyed before the system answered."""
CONFIRMED_BY_SYSTEM = frozenset({State.CONFIRMED, State.NOT_FOUND})
"""States in which the system itself has said that it holds the data no longer, or did what was ordered."""
MISPLACED = "This field does not belong to this answer: leave it out."
_COUNTED = frozenset({"erase", "anonymise"})


class Exemption(StrEnum):
    HOLDS_NONE = "holds_none"  # it holds none of these data about anyone
    LEGAL_DUTY = "legal_duty"  # a law requires that it be kept as it is
    LEGAL_HOLD = "legal_hold"  # needed for a claim or an inquiry
    NOT_PERSONAL = "not_personal"  # the remaining data no longer identifies the person
    IMPOSSIBLE = "impossible"  # the system is not able to do it


@dataclass(frozen=True, slots=True)
class Section:
    """One section of collected data: its category and JSON value."""

    category: str
    data: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's final answer; only the fields of the order's kind are set."""

    outcome: Outcome
    reason: str = ""
    sections: tuple[Section, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()


def find_answer_faults(
    answer: Answer, *, kind: str, holds: Collection[str], asked: Collection[str]
) -> dict[str, list[str]]:
    """Return an answer's errors by field. ``holds`` are the system's categories, ``asked`` a correction's fields."""
    done = answer.outcome is Outcome.DONE
    belongs = {"sections": kind == "collect", "counts": kind in _COUNTED, "corrected": kind == "correct"}
    misplaced = [name for name, fits in belongs.items() if getattr(answer, name) and not (done and fits)]
    faults = _reason_faults(answer) | {name: [MISPLACED] for name in misplaced}
    if faults or not done:
        return faults
    if kind in _COUNTED:
        return _unknown("counts", answer.counts, holds, "Give the number of records for each category; 0 is allowed.")
    if kind == "correct":
        return _unknown("corrected", answer.corrected, asked, "Name the fields that were corrected.")
    return _unknown("sections", [section.category for section in answer.sections], holds)


def is_contradiction(answer: Answer, *, reported: Mapping[str, int], may_keep: bool) -> bool:
    """Return True if an answer to an erasure contradicts the records that its system had reported, by category.

    The system says that it holds nothing, or erased no record of such a category. Unless ``may_keep``, every reason not
    to erase contradicts too.
    """
    expected = {category for category, number in reported.items() if number}
    if answer.outcome is Outcome.DONE:
        return any(not answer.counts.get(category) for category in expected)
    if answer.outcome is Outcome.NOT_APPLICABLE and may_keep:
        return bool(expected) and answer.reason == Exemption.HOLDS_NONE
    return bool(expected)


def _reason_faults(answer: Answer) -> dict[str, list[str]]:
    needed = answer.outcome is Outcome.NOT_APPLICABLE
    if needed and answer.reason not in set(Exemption):
        return {"reason": [f"Say why it does not apply: {', '.join(Exemption)}."]}
    return {"reason": ["Leave it out unless the result is not_applicable."]} if answer.reason and not needed else {}


def _unknown(name: str, given: Collection[str], allowed: Collection[str], missing: str = "") -> dict[str, list[str]]:
    if not given and missing:
        return {name: [missing]}
    unknown = sorted(set(given) - set(allowed))
    message = f"Not known here: {', '.join(unknown)}. Allowed: {', '.join(sorted(set(allowed)))}."
    return {name: [message]} if unknown else {}


MOST_ATTEMPTS = 10
"""Number of failures in a row after which a person must act."""
_FIRST, _LONGEST, _FACTOR = timedelta(minutes=2), timedelta(hours=12), 3
ASK_AGAIN_AFTER = timedelta(seconds=60)
"""How long a system without open orders should wait before the next request."""

STUCK_AFTER: Mapping[State, timedelta] = {
    State.QUEUED: timedelta(days=1),
    State.SENT: timedelta(days=1),
    State.ACCEPTED: timedelta(days=3),
    State.DISPUTED: timedelta(),
}
"""How long an order may stay in a state before an alert is sent."""


def spread_of(order_id: UUID, attempt: int) -> float:
    """Return a number in [0, 1) derived from an order and an attempt, to spread retries deterministically."""
    digest = hashlib.sha256(order_id.bytes + attempt.to_bytes(4)).digest()
    return int.from_bytes(digest[:8]) / 2**64


def retry_at(attempt: int, *, spread: float, at: datetime) -> datetime | None:
    """Return when to try again after the ``attempt``-th failure, from 2 minutes to 12 hours; None after the last.

    Half of the wait is fixed and half is spread (0 ≤ spread < 1), so that orders that failed together are not retried
    together.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    wait = min(_FIRST * int(_FACTOR ** (attempt - 1)), _LONGEST)
    return at + wait / 2 + wait / 2 * spread


def stuck_at(state: State | str, *, changed_at: datetime, retry_due_at: datetime | None) -> datetime | None:
    """Return when an order counts as stuck; a failed one a day after its retry was due, at once without a retry."""
    if state == State.FAILED:
        return changed_at if retry_due_at is None else retry_due_at + STUCK_AFTER[State.QUEUED]
    limit = STUCK_AFTER.get(State(state))
    return None if limit is None else changed_at + limit
