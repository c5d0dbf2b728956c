"""Convert the OpenAPI document to rows for the documentation page. Pure."""

import json
from collections import defaultdict
from typing import Any


def group_operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations by tag, each with parameters, body fields and responses."""
    sections: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            sections[operation["tags"][0]].append(_describe_operation(document, path, method, operation))
    return [{"name": name, "operations": rows} for name, rows in sorted(sections.items())]


def _describe_operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "anchor": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "description": operation.get("description", operation.get("summary", "")),
        "is_open": operation.get("security") == [],
        "parameters": [_describe_parameter(one) for one in operation.get("parameters", ())],
        "body": _render_schema(document, operation.get("requestBody", {})),
        "answers": [
            {"status": status, "description": answer.get("description", "Problem details (RFC 9457)."),
             "shape": _render_schema(document, answer)}
            for status, answer in sorted(operation["responses"].items())
        ],
    }  # fmt: skip


def _describe_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter.get("required", False),
        "kind": _describe_type(parameter.get("schema", {})),
        "description": parameter.get("description", ""),
    }


def _render_schema(document: dict[str, Any], body: dict[str, Any]) -> str:
    """Return a body's schema as indented JSON with references resolved; empty if there is no body."""
    schemas = [one["schema"] for one in body.get("content", {}).values() if "schema" in one]
    return json.dumps(_resolve_references(document, schemas[0]), indent=2, ensure_ascii=False) if schemas else ""


def _resolve_references(document: dict[str, Any], schema: Any, outer: tuple[str, ...] = ()) -> Any:
    """Return the schema with each reference replaced by what it names, but for one to a schema around it."""
    if isinstance(schema, dict) and "$ref" in schema and schema["$ref"] not in outer:
        name = schema["$ref"]
        found = document["components"]["schemas"][name.rsplit("/", 1)[1]]
        return _resolve_references(document, found, (*outer, name))
    if isinstance(schema, dict):
        return {name: _resolve_references(document, inner, outer) for name, inner in schema.items()}
    return [_resolve_references(document, inner, outer) for inner in schema] if isinstance(schema, list) else schema


def _describe_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    return str(schema.get("format") or (" | ".join(kind) if isinstance(kind, list) else kind))
