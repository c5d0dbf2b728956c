"""Strict JSON parser, RFC 8259 and I-JSON (RFC 7493): no duplicate names, NaN or lone surrogates; size limits."""

import json
import re
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40
_SURROGATE = re.compile("[\ud800-\udfff]")


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body-too-large"
    default_detail = f"The body is too large. Send at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes."


class StrictJSONParser(BaseParser):
    """Parser for application/json that rejects input which other parsers could read differently."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], *_: object, **__: object) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        return parse_strict_json(body)


def parse_strict_json(body: bytes) -> object:
    """Parse one JSON text. Raises ParseError with the reason, without quoting the body."""
    numbers: Any = {"parse_constant": _reject_constant, "parse_int": _bounded(int), "parse_float": _bounded(float)}
    try:
        value = json.loads(body.decode(), object_pairs_hook=_to_dict, **numbers)
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ParseError(f"The body nests deeper than {MAX_DEPTH} levels.") from error
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    _check_value(value, MAX_DEPTH)
    return value


def _to_dict(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("An object contains a name twice.")
    return found


def _reject_constant(name: str) -> object:
    raise ParseError(f"{name} is not JSON.")


def _bounded(number: type[int | float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        if len(text) > MAX_NUMBER_LENGTH:
            raise ParseError(f"A number has more than {MAX_NUMBER_LENGTH} digits.")
        return number(text)

    return read


def _check_value(value: object, levels: int) -> None:
    if levels < 0:
        raise ParseError(f"The body nests deeper than {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_value(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, levels - 1)
    elif isinstance(value, str):
        _check_text(value)


def _check_text(text: str) -> None:
    if "\x00" in text or _SURROGATE.search(text):
        raise ParseError("A string contains NUL or a lone surrogate.")
