"""The verdict on one row of an answer sheet: ready to be confirmed, or waiting, and why. Pure.

The verdict is given at upload and again at confirmation, so that changes in between are considered. On a form for
guardians, the use of the platform (``SERVICE``) and outside recipients (``SHARING``) are answered beside the purposes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


SERVICE = "platform-use"
"""The answer about the service. With a hyphen, so that no purpose has this code."""
SHARING = "outside-recipients"
"""The separate answer about outside recipients (COPPA, 16 CFR 312.5(a)(2))."""
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
    SIGNER_MISSING = "signer_missing"
    SIGNER_UNKNOWN = "signer_unknown"
    SIGNER_BARRED = "signer_barred"
    SIGNER_MINOR = "signer_minor"
    SIGNER_NEW = "signer_new"
    NOT_SIGNED = "not_signed"
    CHILD_GAVE = "child_gave"
    OF_AGE = "of_age"
    BEFORE_FORM = "before_form"
    RELATIONSHIP_DIFFERS = "relationship_differs"
    OTHER_REFUSED = "other_refused"
    NOT_AUTHORISED = "not_authorised"
    ROWS_DIFFER = "rows_differ"
    NOT_ON_FORM = "not_on_form"
    LATER_ANSWER = "later_answer"
    ENDED_SINCE = "ended_since"
    NOTICE_CHANGED = "notice_changed"
    NOT_CONSENT = "not_consent"


class Signer(StrEnum):
    """The standing of the guardian who signed a form, as far as it is known before the form is confirmed."""

    NAMED = "named"
    CLAIMED = "claimed"
    """Named by the roster or the learning platform only: becomes a guardian when the form is confirmed."""
    NEW = "new"
    """Named by the form only."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    BARRED = "barred"
    MINOR = "minor"


_STANDINGS = {
    Problem.CODE_MISTYPED: RowState.UNMATCHED,
    Problem.CODE_UNKNOWN: RowState.UNMATCHED,
    Problem.ERASED: RowState.UNMATCHED,
    Problem.GUARDIAN_ANSWERED: RowState.GUARDIAN,
    Problem.SIGNER_MISSING: RowState.GUARDIAN,
    Problem.SIGNER_UNKNOWN: RowState.GUARDIAN,
    Problem.SIGNER_BARRED: RowState.GUARDIAN,
    Problem.SIGNER_MINOR: RowState.GUARDIAN,
    Problem.SIGNER_NEW: RowState.GUARDIAN,
    Problem.NOT_SIGNED: RowState.GUARDIAN,
    Problem.CHILD_GAVE: RowState.GUARDIAN,
    Problem.NOTICE_CHANGED: RowState.OUTDATED,
    Problem.NOT_CONSENT: RowState.OUTDATED,
}
_SIGNER_PROBLEMS = {
    Signer.MISSING: Problem.SIGNER_MISSING,
    Signer.UNKNOWN: Problem.SIGNER_UNKNOWN,
    Signer.BARRED: Problem.SIGNER_BARRED,
    Signer.MINOR: Problem.SIGNER_MINOR,
}
_OVERRIDABLE = frozenset({Problem.ROWS_DIFFER, Problem.LATER_ANSWER, Problem.OTHER_REFUSED})
"""Problems that a person may override. A later refusal or withdrawal is none: an older form does not undo it.
Another guardian's refusal still takes precedence in every decision."""


@dataclass(frozen=True, slots=True)
class PurposeFacts:
    """The facts about one purpose and one person: notice printed and in effect, basis, and the last answer.

    ``printed`` and ``in_effect`` are the version of the notice, or for the service its hash. ``last`` is the latest
    answer with its time: of the guardian who signed, if one did. ``ended_at`` is when consent was last withdrawn,
    revoked or invalidated, ``widened_at`` when the purpose was last widened. ``other_refused`` is True if another
    guardian's refusal is in effect.
    """

    printed: UUID | str | None
    in_effect: UUID | str | None
    rests_on_consent: bool
    last: tuple[str, datetime] | None = None
    ended_at: datetime | None = None
    other_refused: bool = False
    widened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One row with the facts about its person; ``answers`` maps purposes to yes or no.

    ``signed_at`` is the earliest possible time of the answer on its day. ``for_guardians`` is True if the form is for
    the guardian, who is then the ``signer``.
    """

    answers: Mapping[str, bool]
    by_guardian: bool
    signed_at: datetime
    form_made_at: datetime
    purposes: Mapping[str, PurposeFacts]
    is_child: bool
    is_erased: bool = False
    rows_differ: bool = False
    for_guardians: bool = False
    signer: Signer = Signer.MISSING
    relationship_differs: bool = False
    by_phone: bool = False

    @property
    def is_signed_form(self) -> bool:
        return self.by_guardian and self.for_guardians

    @property
    def gives(self) -> bool:
        return any(self.answers.values())


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
    """Return the verdict on a row; with ``insists``, it overrides other rows, and a refusal a later consent.

    Never recorded: a consent that has ended since, a notice that has changed, a purpose not on the form, and a
    guardian's yes to anything without their yes to the service.
    """
    whole = _problem_of_row(case, insists=insists)
    if whole is not None:
        return Verdict.because(whole)
    record: list[str] = []
    already: list[str] = []
    left_out: dict[str, Problem] = {}
    for code in sorted(case.answers, key=lambda one: one != SERVICE):
        authorised = case.answers.get(SERVICE) is True and SERVICE in {*record, *already}
        problem = _problem_of_answer(case, code, authorised=authorised)
        if problem is None and _adds_nothing(case, code):
            already.append(code)
        elif problem is None or (insists and problem in _OVERRIDABLE):
            record.append(code)
        else:
            left_out[code] = problem
    worst = left_out.get(SERVICE) or _most_severe(left_out)
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
    if (problem := _problem_of_answerer(case, insists=insists)) is not None:
        return problem
    if case.signed_at < case.form_made_at:
        return Problem.BEFORE_FORM
    return Problem.ROWS_DIFFER if case.rows_differ and not insists else None


def _problem_of_answerer(case: RowFacts, *, insists: bool) -> Problem | None:
    if (case.by_guardian or case.for_guardians) and not case.is_child:
        return Problem.OF_AGE
    if case.is_signed_form:
        return _problem_of_signer(case, insists=insists)
    if case.by_guardian:
        return Problem.GUARDIAN_ANSWERED
    return Problem.CHILD_GAVE if case.is_child and case.gives else None


def _problem_of_signer(case: RowFacts, *, insists: bool) -> Problem | None:
    """Return the problem with the guardian; a person may insist on one whom only the form names, or on a relation."""
    if case.signer in _SIGNER_PROBLEMS:
        return _SIGNER_PROBLEMS[case.signer]
    if case.by_phone and case.gives:
        return Problem.NOT_SIGNED
    if insists:
        return None
    if case.signer == Signer.NEW:
        return Problem.SIGNER_NEW
    return Problem.RELATIONSHIP_DIFFERS if case.relationship_differs else None


def _problem_of_answer(case: RowFacts, code: str, *, authorised: bool) -> Problem | None:
    """Return the problem of one answer; ``authorised`` is True if the guardian's yes to the service counts."""
    facts, gives = case.purposes.get(code), case.answers[code]
    if facts is None:
        return Problem.NOT_ON_FORM
    needs_service = code == SHARING or (case.is_signed_form and code != SERVICE and gives)
    if needs_service and not authorised and not _is_refused_with_service(case, code):
        return Problem.NOT_AUTHORISED
    return _problem_of_purpose(case, facts, gives=gives)


def _adds_nothing(case: RowFacts, code: str) -> bool:
    already = _is_already_answered(case, case.purposes[code], gives=case.answers[code])
    return already or _is_refused_with_service(case, code)


def _is_refused_with_service(case: RowFacts, code: str) -> bool:
    return code == SHARING and not case.answers[code] and case.answers.get(SERVICE) is False


def _problem_of_purpose(case: RowFacts, facts: PurposeFacts, *, gives: bool) -> Problem | None:
    if facts.printed is None:
        return Problem.NOT_ON_FORM
    if not facts.rests_on_consent:
        return Problem.NOT_CONSENT
    if _is_already_answered(case, facts, gives=gives):
        return None
    return _problem_with_time(case, facts, gives=gives)


def _problem_with_time(case: RowFacts, facts: PurposeFacts, *, gives: bool) -> Problem | None:
    if gives and facts.ended_at is not None and facts.ended_at >= case.signed_at:
        return Problem.ENDED_SINCE
    if gives and (facts.in_effect != facts.printed or _was_widened_since_printing(case, facts)):
        return Problem.NOTICE_CHANGED
    if _was_answered_later(case, facts):
        return Problem.ENDED_SINCE if gives else Problem.LATER_ANSWER
    return Problem.OTHER_REFUSED if gives and facts.other_refused else None


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
