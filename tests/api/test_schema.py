"""The OpenAPI document is correct: responses to schemathesis' requests match it, and none is a 500."""

import os
import re
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.test.client import ClientHandler
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

from paktaleem.api_urls import urlpatterns
from paktaleem.foundation.api.schema import schema_document
from tests.sandbox.making import Sandbox

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "8"))
"""Number of cases for each operation and kind; `make test-deep` runs many more."""


def application(environ, start_response):
    """Return a fresh application for each call, without caches of another test's database."""
    response: Any = ClientHandler()(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


@schemathesis.serializer("application/pdf", "image/jpeg", "image/png")
def as_it_is(_, value):
    """Send a file as the request body."""
    return value


schema = schemathesis.openapi.from_dict(schema_document())
schema.app = application
# Statuses for rules that JSON Schema cannot express (a past time, an id in use, a code of the register).
schema.config.checks.positive_data_acceptance.expected_statuses = ["2XX", "304", "400", "404", "409", "410", "422"]


@pytest.fixture
def key_for(cast):
    """Return a key that may call a path; for sandbox paths, a key of a sandbox."""

    @cache
    def of_sandbox():
        return Sandbox().secret

    return lambda path: of_sandbox() if path.startswith("/api/v1/sandbox/") else cast.key("khyber")


@schema.parametrize()
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case, key_for):
    headers = case.meta.components.get(ParameterLocation.HEADER)
    spoilt = headers is not None and headers.mode is GenerationMode.NEGATIVE
    if not spoilt or "Authorization" in case.headers:  # otherwise this case omits the key
        case.headers["Authorization"] = f"Bearer {key_for(case.path)}"
    case.call_and_validate()


def test_every_route_is_described():
    described = {path.removeprefix("/api/v1/") for path in schema_document()["paths"]}
    for route in urlpatterns:
        address = re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern))
        assert address in described, address


def test_the_description_is_openapi_3_1(client, db):
    document = client.get("/api/schema/").json()
    assert document["openapi"] == "3.1.0"
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


def test_every_operation_but_the_open_ones_needs_a_key():
    for path, operations in schema_document()["paths"].items():
        for operation in operations.values():
            needed: list[Any] = [] if path.startswith("/.well-known/") else [{"ApiKey": []}]
            assert operation["security"] == needed, path


def test_every_post_of_the_api_takes_an_idempotency_key():
    for path, operations in schema_document()["paths"].items():
        if "post" in operations and path.startswith("/api/"):
            assert "Idempotency-Key" in [one["name"] for one in operations["post"]["parameters"]], path


def test_304_is_described_where_it_is_given():
    told = {path for path, operations in schema_document()["paths"].items() if "304" in str(operations)}
    assert told == {
        "/api/v1/changes",
        "/api/v1/consents/{event}/receipt",
        "/api/v1/notices/current",
        "/api/v1/orders",
        "/api/v1/orders/{order}",
        "/api/v1/purposes",
        "/api/v1/subjects/{external_id}/consents",
        "/api/v1/subjects/{external_id}/holdings",
        "/api/v1/webhooks",
        "/api/v1/webhooks/{webhook}",
        "/api/v1/webhooks/{webhook}/deliveries",
    }


def test_the_page_shows_every_operation(client, db):
    page = client.get("/api/docs/").content.decode()
    for path, operations in schema_document()["paths"].items():
        for operation in operations.values():
            assert f'<section id="{operation["operationId"]}"' in page
            assert f"<code>{path}</code>" in page
