"""The fields that log lines may have, and the values that each may take. All others are left out."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

WITHHELD = "(withheld)"
"""Stands for a value that its field may not have."""

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,120}")
_ROUTE = re.compile(r"/[A-Za-z0-9_.:<>/()?+*\[\]{}|^$\\-]{0,200}")
_LONGEST_EVENT = 200


class Kind(StrEnum):
    """The kind of the values of a field."""

    ID = "id"
    """an id that the portal made: a UUID"""
    NUMBER = "number"
    CODE = "code"
    """a name from the code, such as of a task or a class"""
    ROUTE = "route"
    """the pattern of a URL, with the names of its parameters in place of their values"""
    SENTENCE = "sentence"
    """a sentence of the code, without values"""
    PLACES = "places"
    """places in the code, from the outermost call to the innermost"""


FIELDS: Mapping[str, Kind] = {
    "time": Kind.CODE,
    "level": Kind.CODE,
    "logger": Kind.CODE,
    "event": Kind.SENTENCE,
    "request_id": Kind.ID,
    "method": Kind.CODE,
    "route": Kind.ROUTE,
    "status": Kind.NUMBER,
    "duration_ms": Kind.NUMBER,
    "client_id": Kind.ID,
    "key_id": Kind.ID,
    "user_id": Kind.ID,
    "role": Kind.CODE,
    "command": Kind.CODE,
    "job": Kind.CODE,
    "job_id": Kind.NUMBER,
    "attempt": Kind.NUMBER,
    "count": Kind.NUMBER,
    "reason": Kind.CODE,
    "error": Kind.CODE,
    "trace": Kind.PLACES,
}
"""Every field, in the order of the line. A new field needs a kind that no personal data fits into."""


def keep_allowed(logger: object, method: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a line that are on the list, in its order; a value of the wrong kind is withheld."""
    del logger, method
    return {name: _checked(kind, line[name]) for name, kind in FIELDS.items() if line.get(name) is not None}


def _checked(kind: Kind, value: Any) -> Any:
    return value if _CHECKS[kind](value) else WITHHELD


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


_CHECKS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.ID: _is_id,
    Kind.NUMBER: lambda value: isinstance(value, int | float),
    Kind.CODE: lambda value: isinstance(value, str) and _CODE.fullmatch(value) is not None,
    Kind.ROUTE: lambda value: isinstance(value, str) and _ROUTE.fullmatch(value) is not None,
    Kind.SENTENCE: lambda value: isinstance(value, str) and len(value) <= _LONGEST_EVENT,
    Kind.PLACES: lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
}
