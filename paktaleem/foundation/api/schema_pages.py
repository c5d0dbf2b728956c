"""The API's description turned into rows that a page can show. Pure."""

import json
from collections import defaultdict
from typing import Any

__all__ = ["sections_of"]


def sections_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give, by tag, each operation with its parameters, the fields of its body, and its answers."""
    sections: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            sections[operation["tags"][0]].append(_operation(document, path, method, operation))
    return [{"name": name, "operations": rows} for name, rows in sorted(sections.items())]


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "anchor": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "description": operation.get("description", operation.get("summary", "")),
        "is_open": operation.get("security") == [],
        "parameters": [_parameter(one) for one in operation.get("parameters", ())],
        "body": _shape(document, operation.get("requestBody", {})),
        "answers": [
            {"status": status, "description": answer.get("description", "Problem details (RFC 9457)."),
             "shape": _shape(document, answer)}
            for status, answer in sorted(operation["responses"].items())
        ],
    }  # fmt: skip


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter.get("required", False),
        "kind": _kind(parameter.get("schema", {})),
        "description": parameter.get("description", ""),
    }


def _shape(document: dict[str, Any], body: dict[str, Any]) -> str:
    """Write the schema of a body out, with what it refers to, as indented JSON; empty if there is no body."""
    schemas = [one["schema"] for one in body.get("content", {}).values() if "schema" in one]
    return json.dumps(_resolved(document, schemas[0]), indent=2, ensure_ascii=False) if schemas else ""


def _resolved(document: dict[str, Any], schema: Any) -> Any:
    if isinstance(schema, dict) and "$ref" in schema:
        return _resolved(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if isinstance(schema, dict):
        return {name: _resolved(document, inner) for name, inner in schema.items()}
    return [_resolved(document, inner) for inner in schema] if isinstance(schema, list) else schema


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    return str(schema.get("format") or (" | ".join(kind) if isinstance(kind, list) else kind))
