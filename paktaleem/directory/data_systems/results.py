"""Validation of a system's answer against its order. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from paktaleem.directory.data_systems.states import Outcome

ON_HOLD = "on_hold"
"""The portal's own reason: a hold recalled the order before the system answered."""
PERSON_ERASED = "person_erased"
"""The portal's own reason: the person's key was destroyed before the system answered."""
MISPLACED = "This field does not belong to this answer: leave it out."
_COUNTED = frozenset({"erase", "anonymise"})


class Exemption(StrEnum):
    """Why an order does not apply to a system."""

    HOLDS_NONE = "holds_none"
    """it holds none of these data about anyone"""
    LEGAL_DUTY = "legal_duty"
    """a law requires that it be kept as it is"""
    LEGAL_HOLD = "legal_hold"
    """needed for a claim or an inquiry"""
    NOT_PERSONAL = "not_personal"
    """the remaining data no longer identifies the person"""
    IMPOSSIBLE = "impossible"
    """the system is not able to do it"""


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
    answer: Answer, *, kind: str, holds: Iterable[str], asked: Iterable[str]
) -> dict[str, list[str]]:
    """Return the errors of an answer by field; empty if it is valid.

    ``holds`` are the system's categories, ``asked`` the fields of a correction.
    """
    done = answer.outcome is Outcome.DONE
    faults = {**_reason_faults(answer), **_misplaced_faults(answer, kind if done else "")}
    if faults or not done:
        return faults
    if kind in _COUNTED:
        return _count_faults(answer.counts, frozenset(holds))
    if kind == "correct":
        return _field_faults(answer.corrected, frozenset(asked))
    return _section_faults(answer.sections, frozenset(holds))


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


def _misplaced_faults(answer: Answer, kind: str) -> dict[str, list[str]]:
    """Return errors for fields that do not belong to this kind of order, or to one not carried out (kind empty)."""
    belongs = {"sections": kind == "collect", "counts": kind in _COUNTED, "corrected": kind == "correct"}
    return {name: [MISPLACED] for name, fits in belongs.items() if getattr(answer, name) and not fits}


def _count_faults(counts: Mapping[str, int], holds: frozenset[str]) -> dict[str, list[str]]:
    if not counts:
        return {"counts": ["Give the number of records for each category; 0 is allowed."]}
    return _unknown("counts", counts, holds)


def _field_faults(fields: tuple[str, ...], asked: frozenset[str]) -> dict[str, list[str]]:
    if not fields:
        return {"corrected": ["Name the fields that were corrected."]}
    return _unknown("corrected", fields, asked)


def _section_faults(sections: tuple[Section, ...], holds: frozenset[str]) -> dict[str, list[str]]:
    return _unknown("sections", [section.category for section in sections], holds)


def _unknown(name: str, given: Iterable[str], allowed: frozenset[str]) -> dict[str, list[str]]:
    unknown = sorted(set(given) - allowed)
    message = f"Not known here: {', '.join(unknown)}. Allowed: {', '.join(sorted(allowed))}."
    return {name: [message]} if unknown else {}
