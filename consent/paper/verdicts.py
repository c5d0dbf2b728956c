"""The verdict on one row of an answer sheet: ready to be confirmed, or waiting, and why. Pure.

The verdict is given at upload and again at confirmation, so that changes in between are considered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

__all__ = ["Problem", "PurposeFacts", "RowFacts", "RowState", "Verdict", "judge_row"]

_ENDINGS = frozenset({"withdrawn", "revoked", "invalidated"})


class RowState(StrEnum):
    """The states of a row in the queue; the last three are final."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    CONTRADICTORY = "contradictory"
    OUTDATED = "outdated"
    GUARDIAN = "guardian"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


class Problem(StrEnum):
    """The problems for which a row waits, or one of its purposes is left out."""

    CODE_MISTYPED = "code_mistyped"
    CODE_UNKNOWN = "code_unknown"
    ERASED = "erased"
    GUARDIAN_ANSWERED = "guardian_answered"
    CHILD_GAVE = "child_gave"
    OF_AGE = "of_age"
    BEFORE_FORM = "before_form"
    ROWS_DIFFER = "rows_differ"
    NOT_ON_FORM = "not_on_form"
    LATER_ANSWER = "later_answer"
    ENDED_SINCE = "ended_since"
    NOTICE_CHANGED = "notice_changed"
    NOT_CONSENT = "not_consent"


_STANDINGS = {
    Problem.CODE_MISTYPED: RowState.UNMATCHED,
    Problem.CODE_UNKNOWN: RowState.UNMATCHED,
    Problem.ERASED: RowState.UNMATCHED,
    Problem.GUARDIAN_ANSWERED: RowState.GUARDIAN,
    Problem.CHILD_GAVE: RowState.GUARDIAN,
    Problem.NOTICE_CHANGED: RowState.OUTDATED,
    Problem.NOT_CONSENT: RowState.OUTDATED,
}
_OVERRIDABLE = frozenset({Problem.ROWS_DIFFER, Problem.LATER_ANSWER})
"""Problems that a person may override. Never an ending: a withdrawal is not undone by older paper."""


@dataclass(frozen=True, slots=True)
class PurposeFacts:
    """The facts about one purpose and one person: notice printed and in effect, basis, and the last answer.

    ``last`` is the latest answer with its time; ``ended_at`` is when consent was last withdrawn, revoked or
    invalidated; ``widened_at`` is when the purpose was last widened.
    """

    printed: UUID | None
    in_effect: UUID | None
    rests_on_consent: bool
    last: tuple[str, datetime] | None = None
    ended_at: datetime | None = None
    widened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One row with the facts about its person; ``answers`` maps purposes to yes or no.

    ``signed_at`` is the earliest possible time of the answer on its day.
    """

    answers: Mapping[str, bool]
    by_guardian: bool
    signed_at: datetime
    form_made_at: datetime
    purposes: Mapping[str, PurposeFacts]
    is_child: bool
    is_erased: bool = False
    rows_differ: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a row, the problem, and the purposes to record, already recorded, or left out."""

    standing: RowState
    problem: Problem | None = None
    record: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    left_out: Mapping[str, Problem] = field(default_factory=dict)

    @classmethod
    def because(cls, problem: Problem) -> Verdict:
        """Return the verdict for a problem that concerns the whole row."""
        return cls(_STANDINGS.get(problem, RowState.CONTRADICTORY), problem)


def judge_row(case: RowFacts, *, insists: bool = False) -> Verdict:
    """Return the verdict on a row; with ``insists``, it overrides other rows and later answers.

    Never recorded: a consent that has ended since, a notice that has changed, a purpose not on the form.
    """
    whole = _problem_of_row(case, insists=insists)
    if whole is not None:
        return Verdict.because(whole)
    record, already, left_out = [], [], {}
    for code, gives in case.answers.items():
        facts = case.purposes.get(code)
        problem = Problem.NOT_ON_FORM if facts is None else _problem_of_purpose(case, facts, gives=gives)
        if facts is not None and problem is None and _is_already_answered(case, facts, gives=gives):
            already.append(code)
        elif problem is None or (insists and problem in _OVERRIDABLE):
            record.append(code)
        else:
            left_out[code] = problem
    worst = _most_severe(left_out)
    standing = RowState.MATCHED if worst is None else _STANDINGS.get(worst, RowState.CONTRADICTORY)
    return Verdict(standing, worst, tuple(record), tuple(already), left_out)


def _most_severe(left_out: Mapping[str, Problem]) -> Problem | None:
    """Return the most severe problem: contradictions before outdated notices."""
    return min(
        left_out.values(), key=lambda problem: (problem in _STANDINGS, list(Problem).index(problem)), default=None
    )


def _problem_of_row(case: RowFacts, *, insists: bool) -> Problem | None:
    if case.is_erased:
        return Problem.ERASED
    if case.by_guardian:
        return Problem.GUARDIAN_ANSWERED if case.is_child else Problem.OF_AGE
    if case.is_child and any(case.answers.values()):
        return Problem.CHILD_GAVE
    if case.signed_at < case.form_made_at:
        return Problem.BEFORE_FORM
    return Problem.ROWS_DIFFER if case.rows_differ and not insists else None


def _problem_of_purpose(case: RowFacts, facts: PurposeFacts, *, gives: bool) -> Problem | None:
    if facts.printed is None:
        return Problem.NOT_ON_FORM
    if not facts.rests_on_consent:
        return Problem.NOT_CONSENT
    if _is_already_answered(case, facts, gives=gives):
        return None
    if gives and facts.ended_at is not None and facts.ended_at >= case.signed_at:
        return Problem.ENDED_SINCE
    if gives and (facts.in_effect != facts.printed or _was_widened_since_printing(case, facts)):
        return Problem.NOTICE_CHANGED
    return Problem.LATER_ANSWER if _was_answered_later(case, facts) else None


def _was_widened_since_printing(case: RowFacts, facts: PurposeFacts) -> bool:
    return facts.widened_at is not None and case.form_made_at <= facts.widened_at


def _was_answered_later(case: RowFacts, facts: PurposeFacts) -> bool:
    return facts.last is not None and facts.last[1] >= case.signed_at


def _is_already_answered(case: RowFacts, facts: PurposeFacts, *, gives: bool) -> bool:
    """Return True if the same was answered since, so that older paper adds nothing; an ended consent is a refusal."""
    if facts.last is None or not _was_answered_later(case, facts):
        return False
    state = facts.last[0]
    return state == "given" if gives else state == "refused" or state in _ENDINGS
