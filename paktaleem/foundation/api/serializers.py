"""Shapes of input: objects whose unknown fields are refused by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

__all__ = ["StrictSerializer", "TextField", "ZonedDateTimeField"]


_FIRST_YEAR, _LAST_YEAR = 1900, 9000  # beyond them an offset may lead out of the calendar


class StrictSerializer(serializers.Serializer[Any]):
    """An input object: a field it does not know is an error, so that a typing mistake cannot pass in silence."""

    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown fields, then check the known ones."""
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                allowed = ", ".join(sorted(self.fields))
                raise serializers.ValidationError(
                    {str(name): [f"This field is not known here. Allowed: {allowed}."] for name in unknown}
                )
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A text that is a JSON string: numbers and booleans are not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        """Accept strings only."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ZonedDateTimeField(serializers.DateTimeField):
    """A moment in RFC 3339 with its offset; a time without one could mean any hour of the day."""

    default_error_messages = {"invalid": "Use RFC 3339 with an offset, such as 2026-11-24T09:30:00+05:00."}

    def to_internal_value(self, value: Any) -> datetime:
        """Accept an aware moment."""
        if not isinstance(value, str):
            self.fail("invalid")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            self.fail("invalid")
        return moment
