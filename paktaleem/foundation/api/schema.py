"""The API's own description, OpenAPI 3.1: what drf-spectacular reads from operations, and what all of them share."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from paktaleem.foundation.api.schema_authzen import AUTHZEN_PATHS, AUTHZEN_SCHEMAS
from paktaleem.foundation.api.schema_pages import sections_of

__all__ = ["KeyScheme", "OperationSchema", "complete_schema", "schema_document", "show_docs", "show_schema"]

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "A stable name: urn:paktaleem:problem:…"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail", "pointer"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "Which field: a JSON Pointer after #."},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A new key for each act; the same request again under its key gets the same answer, and acts once.",
    "schema": {"type": "string", "pattern": r"""^([!#-+\--:<-\[\]-~]{1,255}|"([!#-\[\]-~]|\\["\\]){1,255}")$"""},
}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys as bearer tokens."""

    target_class = "paktaleem.foundation.api.authentication.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the scheme."""
        del auto_schema
        return {"type": "http", "scheme": "bearer", "description": "An API key, issued in the console."}


class OperationSchema(AutoSchema):
    """Names an operation by its class, and takes its words from the method."""

    def get_operation_id(self) -> str:
        """Give the class's name, with the method where the class has several."""
        name = type(self.view).__name__
        return name if len(getattr(self.view, "capabilities", ())) == 1 else f"{self.method.title()}{name}"

    def get_tags(self) -> list[str]:
        """Group by the first word of the address."""
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_operation(self, *args: Any) -> Any:
        """Describe the operation; where its GET is conditional, 304 too."""
        operation = super().get_operation(*args)
        if operation and self.method == "GET" and self.view.is_conditional:  # type: ignore[attr-defined]
            operation["responses"]["304"] = {"description": "Unchanged since the ETag in If-None-Match."}
        return operation


def complete_schema(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what every operation has (a drf-spectacular hook): problems, idempotency keys, and AuthZEN."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("Input"):
            schema["additionalProperties"] = False
    schemas |= {"Problem": PROBLEM, **AUTHZEN_SCHEMAS}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {"Problem": {"description": "What was wrong, and with which field.", "content": problem}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            _complete_operation(method, operation)
    result["paths"] |= AUTHZEN_PATHS
    return result


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    for status in ("4XX", "503"):
        operation["responses"][status] = {"$ref": "#/components/responses/Problem"}
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)


@cache
def schema_document() -> dict[str, Any]:
    """Give the whole description."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


@require_safe
def show_schema(request: HttpRequest) -> HttpResponse:
    """``GET /api/schema/``: open to all; it tells nothing of anybody."""
    del request
    return JsonResponse(schema_document())


@require_safe
def show_docs(request: HttpRequest) -> HttpResponse:
    """``GET /api/docs/``: the same for readers, without script."""
    document = schema_document()
    return render(request, "api/docs.html", {"info": document["info"], "sections": sections_of(document)})
