"""Path parameters, and the OpenAPI links from an operation that makes or names something to those that use it."""

from collections.abc import Iterator
from typing import Any

from paktaleem.foundation.api.serializers import EXTERNAL_ID

_CODE = r"^[a-z][a-z0-9_]*$"
_NO_SEGMENT = {"anyOf": [{"enum": ["batch"]}, {"pattern": "/"}]}
"""Texts that cannot be one segment of a path, or mean something else there."""
_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "external_id": {
        "minLength": 1,
        "maxLength": 255,
        "pattern": EXTERNAL_ID,
        "not": _NO_SEGMENT,
    },
    "purpose": {"minLength": 1, "maxLength": 63, "pattern": _CODE},
    "category": {"minLength": 1, "maxLength": 63, "pattern": _CODE},
}
_SOURCES = {
    "external_id": (("PutSubjectOperations", "200", "external_id"), ("PutSubjectOperations", "201", "external_id")),
    "event": (("RecordConsents", "201", "events/0/id"),),
    "check": (("GuardianChecks", "201", "id"),),
    "invitation": (("InviteGuardian", "201", "id"),),
    "order": (("ListOrders", "200", "orders/0/id"),),
    "webhook": (("PostWebhooks", "201", "id"),),
}
"""By path parameter: operations whose response names it, with the status and the JSON Pointer in the body."""


def describe_path_parameters(document: dict[str, Any]) -> None:
    """Add to each text in a path which values can exist."""
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["schema"] |= _PATH_PARAMETERS.get(parameter["name"], {})


def add_links(document: dict[str, Any]) -> None:
    """Link each response that names a person, an answer, a check … to the operations that take it in their path."""
    operations = {one["operationId"]: one for one in _operations(document)}
    for parameter, sources in _SOURCES.items():
        takers = [name for name, one in operations.items() if _names_in_path(one) == {parameter}]
        for source, status, pointer in sources:
            links = operations[source]["responses"][status].setdefault("links", {})
            for taker in takers:
                parameters = {f"path.{parameter}": f"$response.body#/{pointer}"}
                links[taker] = {"operationId": taker, "parameters": parameters}


def _names_in_path(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()
