"""Rules of input that JSON Schema cannot express, in the OpenAPI document and in each operation's description."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers

from paktaleem.foundation.api.serializers import CursorField, StrictSerializer

BEYOND_SCHEMA = "x-beyond-schema"
"""Member of an operation: its rules by the path of the field, which is a JSON Pointer without the leading slash."""
_CURSOR_RULE = "A cursor from an earlier response of this list."


def list_rules(serializer: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each field with a rule that JSON Schema cannot express, and the rule.

    In a path, ``*`` stands for any position in a list: ``subjects/*/email``.
    """
    if isinstance(serializer, StrictSerializer):
        rules: Mapping[str, str] = serializer.beyond_schema
        yield from ((f"{prefix}{name}", rule) for name, rule in rules.items())
        for name, field in serializer.fields.items():
            if isinstance(field, CursorField):
                yield f"{prefix}{name}", _CURSOR_RULE
            inner = field.child if isinstance(field, serializers.ListField) else field
            yield from list_rules(inner, f"{prefix}{name}/" if inner is field else f"{prefix}{name}/*/")


def render_rules(rules: Mapping[str, str]) -> str:
    """Return the rules beyond the schema as the end of an operation's description."""
    lines = (f"- `{name.replace('/*/', '[].').replace('/', '.')}`: {rule}" for name, rule in rules.items())
    return "\n".join(["Rules beyond the schema; input that breaks one is refused with 400:", *lines])
