"""Base serializer and fields for API input; unknown fields are rejected by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

__all__ = ["StrictSerializer", "TextField", "ZonedDateTimeField"]


_FIRST_YEAR, _LAST_YEAR = 1900, 9000  # outside, a UTC offset could overflow the calendar


class StrictSerializer(serializers.Serializer[Any]):
    """Serializer that rejects unknown fields, so that a misspelled name is reported."""

    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        """Reject unknown fields, then validate the known ones."""
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                allowed = ", ".join(sorted(self.fields))
                raise serializers.ValidationError(
                    {str(name): [f"Unknown field. Allowed: {allowed}."] for name in unknown}
                )
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """CharField that accepts JSON strings only, not numbers or booleans."""

    def to_internal_value(self, data: Any) -> str:
        """Return the string; fail for any other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ZonedDateTimeField(serializers.DateTimeField):
    """A date and time in RFC 3339 with a UTC offset."""

    default_error_messages = {"invalid": "Use RFC 3339 with an offset, such as 2026-11-24T09:30:00+05:00."}

    def to_internal_value(self, value: Any) -> datetime:
        """Return an aware datetime; fail without an offset or outside 1900 to 9000."""
        if not isinstance(value, str):
            self.fail("invalid")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            self.fail("invalid")
        return moment
