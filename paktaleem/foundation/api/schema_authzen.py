"""OpenAPI description of the AuthZEN endpoints, written by hand because they are plain Django views."""

from collections.abc import Mapping
from typing import Any

from paktaleem.foundation.accounts.decision_paths import EVALUATION, EVALUATIONS, METADATA
from paktaleem.foundation.api.schema_rules import BEYOND_SCHEMA, render_rules
from paktaleem.foundation.api.serializers import MOMENT


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
            "time": {
                "type": ["string", "null"],
                "format": "date-time",
                "pattern": MOMENT,
                "description": "A time in the past.",
            },
            "role": {
                "type": ["string", "null"],
                "description": "The role in which the person acts; left out: the strictest of their roles decides.",
            },
        },
    },
}
_ITEM = (
    "An evaluation; its subject, action, resource and context each replace the default as a whole. An invalid one is "
    "answered with decision: false and context.error; the others are evaluated as usual."
)
_DECIDED_BY = {
    "role": {"type": ["string", "null"], "description": "The role by which it was decided."},
    "role_named": {"type": "boolean", "description": "True if the request named the role."},
}
_DECISION = {
    "type": "object",
    "required": ["decision", "context"],
    "properties": {"decision": {"type": "boolean"}, "context": {"type": "object", "properties": _DECIDED_BY}},
}
AUTHZEN_SCHEMAS: dict[str, Any] = {
    "Evaluation": {"type": "object", "required": ["subject", "action", "resource"], "properties": _PARTS},
    "Evaluations": {
        "type": "object",
        "anyOf": [
            {"required": ["evaluations"], "properties": {"evaluations": {"minItems": 1}}},
            {"required": ["subject", "action", "resource"]},
        ],
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


_RULES = {"context/time": "Not in the future."}
_MANY_RULES = {**_RULES, "evaluations": "At most 20 different past times in one request."}


def _describe_evaluation(
    name: str, summary: str, asked: str, answered: str, rules: Mapping[str, str]
) -> dict[str, Any]:
    def body(schema: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}

    return {
        "post": {
            "operationId": name,
            "tags": ["decisions"],
            "summary": summary,
            "description": f"{summary} (OpenID AuthZEN Authorization API 1.0).\n\n{render_rules(rules)}",
            BEYOND_SCHEMA: rules,
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
        "Evaluate", "Evaluate whether a person's data may be processed.", "Evaluation", "Decision", _RULES
    ),
    EVALUATIONS: _describe_evaluation(
        "EvaluateMany", "Evaluate several requests at once.", "Evaluations", "Decisions", _MANY_RULES
    ),
    METADATA: {"get": _METADATA},
}
