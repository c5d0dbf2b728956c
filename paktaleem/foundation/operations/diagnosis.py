"""The lines of the doctor's report: each app connects checks, each check yields lines."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from paktaleem.foundation.operations.extensions import ExtensionPoint

log = structlog.stdlib.get_logger(__name__)


class State(StrEnum):
    OK = "ok"
    ATTENTION = "attention"
    """works, but needs a look"""
    FAILED = "failed"
    """does not work"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the doctor's report: a part, how it is, what was seen, and what to do unless it is in order.

    The texts are English, for the operator's terminal, and contain no personal data.
    """

    part: str
    state: State
    seen: str
    remedy: str = ""


type DoctorCheck = Callable[[], Iterable[Line]]
"""Looks at one part of the deployment, outside any tenant context, and changes nothing."""

doctor_checks = ExtensionPoint[DoctorCheck]("diagnosis.doctor_checks", "Yield the lines of `manage.py doctor`.")


def fine(part: str, seen: str) -> Line:
    return Line(part, State.OK, seen)


def to_watch(part: str, seen: str, remedy: str) -> Line:
    return Line(part, State.ATTENTION, seen, remedy)


def to_mend(part: str, seen: str, remedy: str) -> Line:
    return Line(part, State.FAILED, seen, remedy)


def name_some(names: Sequence[str], *, most: int = 5) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def examine() -> list[Line]:
    """Return the lines of all checks, in the order in which the apps connected them.

    A check that raises an error is a failed line of its own, with the type of the error: its text could name a person.
    """
    lines: list[Line] = []
    for check in doctor_checks:
        try:
            lines += list(check())
        except Exception as error:
            log.debug("A check of the doctor failed.", exc_info=True)
            part = check.__name__.removeprefix("check_").replace("_", " ")
            seen = f"could not be checked ({type(error).__name__})"
            lines.append(to_mend(part, seen, "Mend the parts above first; LOG_LEVEL=DEBUG shows the error."))
    return lines
