"""Base serializer and fields for API input; unknown fields are rejected by name.

Each field checks what its OpenAPI schema says (``paktaleem.foundation.web.api.schema``). A rule that JSON Schema
cannot express is a sentence in ``beyond_schema`` of its serializer; the operation's description lists it.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

_SPACE = r"\s\u001c-\u001f\u0085"
"""White space at the ends of a text, which is removed; some dialects of regular expressions count less to ``\\\\s``."""
PLAIN_TEXT = rf"^[{_SPACE}]*[^{_SPACE}\u0000][^\u0000]*$"
"""At least one visible character, and no NUL."""
NO_NUL = r"^[^\u0000]*$"
_NOT_IN_IDS = r"@\u0000-\u001f\u007f-\u009f\u2028\u2029"
EXTERNAL_ID = rf"^[{_SPACE}]*[^\s{_NOT_IN_IDS}][^{_NOT_IN_IDS}]*$"
"""An LMS id: no “@”, no control characters."""
_NOT_IN_NAMES = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
PERSON_NAME = rf"^[{_SPACE}]*[^{_SPACE}{_NOT_IN_NAMES}][^{_NOT_IN_NAMES}]*$"
"""No control characters but white space, which is folded."""
EMAIL = (
    r"^[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+(\.[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+)*"
    r"@([0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.)+([A-Za-z][A-Za-z-]{0,61}[A-Za-z]|xn--[0-9A-Za-z]{1,59})$"
)
"""One address with its domain in ASCII; domains in other scripts are accepted too."""
_BETWEEN_DIGITS = r"[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]*"
PHONE = rf"^{_BETWEEN_DIGITS}(\+{_BETWEEN_DIGITS})?([0-9]{_BETWEEN_DIGITS}){{5,20}}$"
"""5 to 20 digits with an optional leading +, with spaces, brackets, points, dashes and slashes between them."""
PROVIDER = r"^[a-z0-9][a-z0-9._-]*$"
RECENT_DAY = r"^(19|[2-8][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"
TOKEN = r"^\.?[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+){1,2}$"  # noqa: S105 -- a pattern
"""A text that the portal signed: a cursor, or the token of a notice."""
MOMENT = (
    r"^(19|[2-8][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""RFC 3339 from 1900 to 8999: outside, a UTC offset could overflow the calendar; no leap seconds."""


_MOST_NAMED = 30
"""Number of choices that an error names."""


class StrictSerializer(serializers.Serializer[object]):
    """Serializer that rejects unknown fields, so that a misspelled name is reported.

    ``schema_rules`` are JSON Schema keywords about several fields together, which ``validate`` enforces;
    ``schema_properties`` are whole schemas of fields; ``beyond_schema`` has a sentence for each field whose rule JSON
    Schema cannot express.
    """

    schema_rules: ClassVar[Mapping[str, object]] = {}
    schema_properties: ClassVar[Mapping[str, object]] = {}
    beyond_schema: ClassVar[Mapping[str, str]] = {}

    default_error_messages = {"invalid": "Send a JSON object."}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():  # the error of a choice names the allowed values, unless they are too many
            if isinstance(field, serializers.ChoiceField) and len(field.choices) <= _MOST_NAMED:
                allowed = ", ".join(str(choice) for choice in field.choices)
                field.error_messages["invalid_choice"] = f'"{{input}}" is not a valid choice. Allowed: {allowed}.'
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                allowed = ", ".join(sorted(self.fields))
                problem = [f"Unknown field. Allowed: {allowed or 'none'}."]
                raise serializers.ValidationError({str(name): problem for name in unknown})
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """CharField that accepts JSON strings only, not numbers or booleans; spaces around them count for the length."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class TruthField(serializers.BooleanField):
    """BooleanField that accepts JSON ``true`` and ``false`` only, as the schema says: no numbers and no words."""

    default_error_messages = {"invalid": "Use true or false."}

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class PatternField(TextField):
    """A text that matches a regular expression, which the OpenAPI schema states; ``allowed`` says it in words."""

    default_error_messages = {"pattern": "{allowed}"}

    def __init__(self, pattern: str, *, allowed: str, **kwargs: Any) -> None:
        self.pattern, self.allowed = pattern, allowed
        super().__init__(**kwargs)

    def to_internal_value(self, data: object) -> str:
        text = super().to_internal_value(data)
        if not re.search(self.pattern, text):
            self.fail("pattern", allowed=self.allowed)
        return text


class ServiceTextField(TextField):
    """A text whose pattern is checked by the service that stores it, with all other errors; the schema states it."""

    def __init__(self, pattern: str, **kwargs: Any) -> None:
        self.pattern = pattern
        super().__init__(**kwargs)


class SignedTextField(TextField):
    """A text that the portal signed earlier; its reader checks the signature, and so the pattern of the schema."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(**kwargs)


class CursorField(SignedTextField):
    pass


class PageInput(StrictSerializer):
    """Cursor and page size."""

    cursor = CursorField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)


class DayField(serializers.DateField):
    """A day from 1900 on, as YYYY-MM-DD."""

    default_error_messages = {"invalid": "Use a day from 1900-01-01, such as 2014-03-09."}

    def to_internal_value(self, value: object) -> date:
        if not isinstance(value, str) or not re.search(RECENT_DAY, value):
            self.fail("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")


class ZonedDateTimeField(serializers.DateTimeField):
    """A date and time in RFC 3339 with a UTC offset, from 1900 on."""

    default_error_messages = {"invalid": "Use RFC 3339 with an offset, such as 2026-11-24T09:30:00+05:00."}

    def to_internal_value(self, value: object) -> datetime:
        if not isinstance(value, str) or not re.search(MOMENT, value):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("invalid")


def serialize_row(output: type[serializers.Serializer[Any]], row: object, **others: object) -> dict[str, object]:
    """Return the fields of an output as JSON values, read from the attributes of ``row``; ``others`` are given.

    The ``source`` of a field is the path of its attribute, if it has another name; it ends at None. Times are in
    ISO 8601.
    """
    return {
        name: others[name] if name in others else _to_json(_read(row, path))
        for name, path, is_required in _list_paths(output)
        if name in others or is_required
    }


@cache
def _list_paths(output: type[serializers.Serializer[Any]]) -> list[tuple[str, str, bool]]:
    return [(name, str(field.source), field.required) for name, field in output().fields.items()]


def _read(row: object, path: str) -> object:
    value: object = row
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def _to_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, UUID | str) else value
