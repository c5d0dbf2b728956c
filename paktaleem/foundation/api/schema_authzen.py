"""OpenAPI description of the AuthZEN endpoints, written by hand because they are plain Django views."""

from typing import Any

from paktaleem.foundation.accounts.decision_paths import EVALUATION, EVALUATIONS, METADATA

__all__ = ["AUTHZEN_PATHS", "AUTHZEN_SCHEMAS"]


def _entity(*required: str, **properties: Any) -> dict[str, Any]:
    known = {"type": {"type": "string"}, "id": {"type": "string"}, "name": {"type": "string"}}
    mine = {name: known[name] for name in required}
    return {"type": "object", "required": list(required), "properties": {**mine, **properties}}


_ANY_OBJECT = {"type": "object"}
_PROPERTIES = {
    "type": "object",
    "properties": {
        "categories": {"type": ["array", "null"], "items": {"type": "string"}},
        "recipient": {"type": ["string", "null"]},
    },
}
_PARTS: dict[str, Any] = {
    "subject": {
        **_entity("type", "id", properties=_ANY_OBJECT),
        "description": "The data subject: type end_user, id as in the LMS.",
    },
    "action": {
        **_entity("name", properties=_ANY_OBJECT),
        "description": "The processing: collect, store, process, share or delete.",
    },
    "resource": {
        **_entity("type", "id", properties=_PROPERTIES),
        "description": "The purpose: type purpose, id its code.",
    },
    "context": {
        "type": "object",
        "properties": {
            "time": {"type": ["string", "null"], "format": "date-time", "description": "A time in the past."}
        },
    },
}
_ITEM = (
    "An evaluation; its subject, action, resource and context each replace the default as a whole. An invalid one is "
    "answered with decision: false and context.error; the others are evaluated as usual."
)
_DECISION = {
    "type": "object",
    "required": ["decision", "context"],
    "properties": {"decision": {"type": "boolean"}, "context": {"type": "object"}},
}
AUTHZEN_SCHEMAS: dict[str, Any] = {
    "Evaluation": {"type": "object", "required": ["subject", "action", "resource"], "properties": _PARTS},
    "Evaluations": {
        "type": "object",
        "properties": {
            **_PARTS,
            "evaluations": {"type": "array", "maxItems": 1_000, "items": {"description": _ITEM}},
            "options": {
                "type": "object",
                "properties": {
                    "evaluations_semantic": {"enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"]}
                },
            },
        },
    },
    "Decision": _DECISION,
    "Decisions": {
        "anyOf": [
            _DECISION,
            {
                "type": "object",
                "required": ["evaluations"],
                "properties": {"evaluations": {"type": "array", "items": _DECISION}},
            },
        ]
    },
}
_TEXT = {"description": "The error, as plain text.", "content": {"text/plain": {"schema": {"type": "string"}}}}


def _describe_evaluation(name: str, summary: str, asked: str, answered: str) -> dict[str, Any]:
    def body(schema: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}

    return {
        "post": {
            "operationId": name,
            "tags": ["decisions"],
            "summary": summary,
            "description": f"{summary} (OpenID AuthZEN Authorization API 1.0).",
            "security": [{"ApiKey": []}],
            "requestBody": {"required": True, "content": body(asked)},
            "responses": {
                "200": {"description": "The decision; a denial is also 200.", "content": body(answered)},
                "4XX": _TEXT,
                "503": _TEXT,
            },
        }
    }


_METADATA = {
    "operationId": "AuthZENMetadata",
    "tags": ["decisions"],
    "summary": "Metadata of the decision endpoints.",
    "security": [],
    "responses": {
        "200": {"description": "The metadata.", "content": {"application/json": {"schema": _ANY_OBJECT}}},
        "4XX": _TEXT,
        "503": _TEXT,
    },
}
AUTHZEN_PATHS: dict[str, Any] = {
    EVALUATION: _describe_evaluation(
        "Evaluate", "Evaluate whether a person's data may be processed.", "Evaluation", "Decision"
    ),
    EVALUATIONS: _describe_evaluation("EvaluateMany", "Evaluate several requests at once.", "Evaluations", "Decisions"),
    METADATA: {"get": _METADATA},
}
