"""JSON as RFC 8259 and I-JSON (RFC 7493) have it: no duplicate names, no NaN, no lone surrogates, bounded."""

import json
import re
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

__all__ = ["BodyTooLarge", "StrictJSONParser", "strict_json"]

DEEPEST = 32
LONGEST_NUMBER = 40
_SURROGATE = re.compile("[\ud800-\udfff]")


class BodyTooLarge(APIException):
    """The body is larger than the interface takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body-too-large"
    default_detail = f"A body has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes."


class StrictJSONParser(BaseParser):
    """Parses application/json, and refuses what other parsers would understand differently."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], *_: Any, **__: Any) -> Any:
        """Return the JSON value of the body. Raises ParseError, BodyTooLarge."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        return strict_json(body)


def strict_json(body: bytes) -> Any:
    """Parse one JSON text. Raises ParseError saying what is wrong, never quoting the body."""
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
        )
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ParseError(f"The body nests deeper than {DEEPEST} levels.") from error
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    _check(value, DEEPEST)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("A name stands twice in one object.")
    return found


def _refuse_constant(name: str) -> Any:
    raise ParseError(f"{name} is not JSON.")


def _bounded_int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ParseError(f"A number has more than {LONGEST_NUMBER} digits.")
    return int(text)


def _bounded_float(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise ParseError(f"A number has more than {LONGEST_NUMBER} digits.")
    return float(text)


def _check(value: Any, levels: int) -> None:
    if levels < 0:
        raise ParseError(f"The body nests deeper than {DEEPEST} levels.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, levels - 1)
    elif isinstance(value, str):
        _check_text(value)


def _check_text(text: str) -> None:
    if "\x00" in text or _SURROGATE.search(text):
        raise ParseError("A text holds a NUL or half a surrogate pair.")
