"""OpenAPI schemas of our input fields and serializers: the document says what the API accepts. Pure."""

from typing import Any

from paktaleem.foundation.api.serializers import (
    MOMENT,
    NO_NUL,
    PLAIN_TEXT,
    RECENT_DAY,
    TOKEN,
    DayField,
    PatternField,
    ServiceTextField,
    SignedTextField,
    StrictSerializer,
    TextField,
    ZonedDateTimeField,
)

ANY_JSON: dict[str, Any] = {
    "description": "Any JSON value of at most 30 levels, without NUL in its texts.",
    "anyOf": [
        {"type": ["null", "boolean", "number"]},
        {"type": "string", "pattern": NO_NUL},
        {"type": "array", "items": {"$ref": "#/components/schemas/AnyJSON"}},
        {
            "type": "object",
            "propertyNames": {"pattern": NO_NUL},
            "additionalProperties": {"$ref": "#/components/schemas/AnyJSON"},
        },
    ],
}
"""The component ``AnyJSON``."""


def describe_field(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an input field, completed with what the field checks: a pattern, or ``schema_keywords``."""
    if isinstance(field, DayField):
        return {**schema, "pattern": RECENT_DAY}
    if isinstance(field, ZonedDateTimeField):
        return {**schema, "pattern": MOMENT}
    if not isinstance(field, TextField):
        return {**schema, **getattr(field, "schema_keywords", {})}
    length = {} if field.max_length is None else {"maxLength": field.max_length}
    shortest = {} if field.allow_blank else {"minLength": 1}
    more = getattr(field, "schema_keywords", {})
    return {**schema, **length, **shortest, "pattern": _pattern_of(field), **more}


def _pattern_of(field: TextField) -> str:
    if isinstance(field, PatternField | ServiceTextField):
        return field.pattern
    if isinstance(field, SignedTextField):
        return TOKEN
    return NO_NUL if field.allow_blank else PLAIN_TEXT


def describe_object(serializer: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an input object: no unknown fields, and its rules about several fields together."""
    if not isinstance(serializer, StrictSerializer):
        return schema
    properties = {**schema.get("properties", {}), **serializer.schema_properties}
    return {**schema, "properties": properties, "additionalProperties": False, **serializer.schema_rules}
