"""Errors that a caller can cause: each class says its problem type, HTTP status and texts once, for API and console."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

EFFECT_SHOWN = "effect_shown"
"""Code of a validation error that shows the effect of a change first: nothing is wrong, and nothing is saved."""

_TYPES = "urn:paktaleem:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """A type of problem (RFC 9457): stable code, title, and optionally advice, the field concerned and the status."""

    code: str
    title: str
    detail: str = ""
    field: str = ""
    status: HTTPStatus = HTTPStatus.CONFLICT

    def body(self, **extensions: object) -> dict[str, object]:
        members: dict[str, object] = {"type": _TYPES + self.code, "title": self.title, "status": int(self.status)}
        if self.detail:
            members["detail"] = self.detail
        if self.field:
            members["errors"] = [{"detail": self.detail or self.title, "pointer": f"#/{self.field}"}]
        return members | extensions


class PortalError(Exception):
    """Base of exceptions that are answered with a text instead of “server error”.

    ``problem`` is the answer of the API, ``console_message`` the sentence on a form of the console, in English and
    translated when shown. A class without one of them is unexpected there: the API answers 500, the console fails.
    ``console_details`` are further sentences of one error for the console, in the reader's language.
    """

    problem: ClassVar[Problem | None] = None
    console_message: str = ""
    console_details: Sequence[str] = ()


def list_portal_errors() -> Iterator[type[PortalError]]:
    """Yield every exception class of the project's loaded modules that derives from PortalError, sorted by name."""
    found = set(_subclasses(PortalError))
    yield from sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def _subclasses(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _subclasses(derived)
