"""What a system may answer to which order. Pure: plain values in, words about each wrong field out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from paktaleem.directory.data_systems.states import Outcome

__all__ = ["PERSON_ERASED", "Answer", "Exemption", "Section", "faults_of"]

PERSON_ERASED = "person_erased"
"""The portal's own reason: the person's key went before the system answered."""
_COUNTED = frozenset({"erase", "anonymise"})


class Exemption(StrEnum):
    """Why an order does not apply to a system."""

    HOLDS_NONE = "holds_none"
    """it holds none of these data of anybody"""
    LEGAL_DUTY = "legal_duty"
    """a law demands that it be kept as it is"""
    LEGAL_HOLD = "legal_hold"
    """needed for a claim or an inquiry"""
    NOT_PERSONAL = "not_personal"
    """what is left no longer tells of the person"""
    IMPOSSIBLE = "impossible"
    """the system has no way of doing it"""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of what is held: which data, and the JSON value itself."""

    category: str
    data: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system says when it has finished; only what belongs to the order's kind is filled in."""

    outcome: Outcome
    reason: str = ""
    sections: tuple[Section, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()


def faults_of(answer: Answer, *, kind: str, holds: Iterable[str], asked: Iterable[str]) -> dict[str, list[str]]:
    """Say what is wrong with an answer, by field; nothing if it is right.

    ``holds`` are the categories of the system, ``asked`` the fields of a correction.
    """
    done = answer.outcome is Outcome.DONE
    faults = {**_reason_faults(answer), **_misplaced(answer, kind if done else "")}
    if faults or not done:
        return faults
    if kind in _COUNTED:
        return _count_faults(answer.counts, frozenset(holds))
    if kind == "correct":
        return _field_faults(answer.corrected, frozenset(asked))
    return _section_faults(answer.sections, frozenset(holds))


def _reason_faults(answer: Answer) -> dict[str, list[str]]:
    needed = answer.outcome is Outcome.NOT_APPLICABLE
    if needed and answer.reason not in set(Exemption):
        return {"reason": [f"Say why it does not apply: {', '.join(Exemption)}."]}
    return {"reason": ["Leave it out unless the result is not_applicable."]} if answer.reason and not needed else {}


def _misplaced(answer: Answer, kind: str) -> dict[str, list[str]]:
    """Find what does not belong to this kind of order, or to one that was not carried out (kind empty)."""
    belongs = {"sections": kind == "collect", "counts": kind in _COUNTED, "corrected": kind == "correct"}
    words = "This does not belong to such an answer: leave it out."
    return {name: [words] for name, fits in belongs.items() if getattr(answer, name) and not fits}


def _count_faults(counts: Mapping[str, int], holds: frozenset[str]) -> dict[str, list[str]]:
    if not counts:
        return {"counts": ["Say for each category how many records it was; 0 is a number too."]}
    return _unknown("counts", counts, holds)


def _field_faults(fields: tuple[str, ...], asked: frozenset[str]) -> dict[str, list[str]]:
    if not fields:
        return {"corrected": ["Name the fields that were corrected."]}
    return _unknown("corrected", fields, asked)


def _section_faults(sections: tuple[Section, ...], holds: frozenset[str]) -> dict[str, list[str]]:
    return _unknown("sections", [section.category for section in sections], holds)


def _unknown(name: str, given: Iterable[str], allowed: frozenset[str]) -> dict[str, list[str]]:
    unknown = sorted(set(given) - allowed)
    words = f"Not known here: {', '.join(unknown)}. Allowed: {', '.join(sorted(allowed))}."
    return {name: [words]} if unknown else {}
