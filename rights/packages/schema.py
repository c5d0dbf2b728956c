"""The JSON Schema of the data in a package (draft 2020-12)."""

from collections.abc import Iterable
from typing import Any

from paktaleem.directory.copies.sections import Column, Section, ValueKind

_TYPES: dict[ValueKind, dict[str, Any]] = {
    ValueKind.TEXT: {"type": ["string", "null"]},
    ValueKind.NUMBER: {"type": ["integer", "null"]},
    ValueKind.YES_NO: {"type": ["boolean", "null"]},
    ValueKind.TIME: {"type": ["string", "null"], "format": "date-time"},
    ValueKind.DAY: {"type": ["string", "null"], "format": "date"},
    ValueKind.LIST: {"type": ["array", "null"], "items": {"type": "string"}},
}


def build_schema(sections: Iterable[Section]) -> dict[str, Any]:
    """Return the schema of ``data.json`` with these sections; titles are in the current language."""
    found = list(sections)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "about": {"type": "object"},
            "sections": {
                "type": "object",
                "properties": {section.code: _describe_section(section) for section in found},
                "required": [section.code for section in found],
                "additionalProperties": False,
            },
        },
        "required": ["about", "sections"],
        "additionalProperties": False,
    }


def _describe_section(section: Section) -> dict[str, Any]:
    return {
        "title": str(section.title),
        "type": "array",
        "items": {
            "type": "object",
            "properties": {column.code: _describe_column(column) for column in section.columns},
            "required": [column.code for column in section.columns],
            "additionalProperties": False,
        },
    }


def _describe_column(column: Column) -> dict[str, Any]:
    labels = {code: str(label) for code, label in column.labels.items()}
    return {"title": str(column.title), **_TYPES[column.kind], **({"$comment": _list_codes(labels)} if labels else {})}


def _list_codes(labels: dict[str, str]) -> str:
    return "; ".join(f"{code}: {label}" for code, label in labels.items())
