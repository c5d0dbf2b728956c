"""The OpenAPI document is correct: responses to schemathesis' requests match it, and none is a 500."""

import os
import re
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.test.client import ClientHandler
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from paktaleem.foundation.web.api.schema import BEYOND_SCHEMA, schema_document
from tests.sandbox.making import Sandbox
from tests.serving import call, served

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "8"))
"""Number of cases for each operation and kind; `make test-deep` runs many more."""


_SERVING: list[ClientHandler] = []
"""The application of the test that runs."""


@pytest.fixture(autouse=True)
def serving():
    """Serve a fresh application for each test, without caches of another test's database."""
    _SERVING[:] = [ClientHandler()]


def application(environ, start_response):
    response: Any = _SERVING[0](environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


@schemathesis.serializer("application/pdf", "image/jpeg", "image/png")
def as_it_is(_, value):
    return value


schema = schemathesis.openapi.from_dict(schema_document())
schema.app = application
# These depend on what is stored: an unknown id, a conflict, an erased person, another child's contact, a limit.
schema.config.checks.positive_data_acceptance.expected_statuses = ["2XX", "304", "404", "409", "410", "422", "429"]


@pytest.fixture
def key_for(cast):
    """Return a key that may call a path; for sandbox paths, a key of a sandbox."""

    @cache
    def of_sandbox():
        return Sandbox().secret

    return lambda path: of_sandbox() if path.startswith("/api/v1/sandbox/") else cast.key("khyber")


def authorize(case, key_for):
    """Send the key, unless this case is one without it."""
    headers = case.meta.components.get(ParameterLocation.HEADER)
    spoilt = headers is not None and headers.mode is GenerationMode.NEGATIVE
    if not spoilt or "Authorization" in case.headers:
        case.headers["Authorization"] = f"Bearer {key_for(case.path)}"


def check(case, response):
    """Run every check; a refusal by a rule that the operation lists as beyond its schema is expected."""
    if is_beyond_schema(case, response):
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
    else:
        case.validate_response(response)


def is_beyond_schema(case, response):
    operation = case.operation.definition.raw
    if response.status_code == 415:  # the kind of a file is in its first bytes
        return "application/pdf" in operation.get("requestBody", {}).get("content", {})
    return response.status_code == 400 and all(
        any(fits(field, pointer) for field in operation.get(BEYOND_SCHEMA, {})) for pointer in pointers_of(response)
    )


def pointers_of(response):
    """Return the fields that a refusal names; AuthZEN's are plain text."""
    if response.headers["content-type"][0].startswith("text/plain"):
        told = response.content.decode()
        return ["context/time" if "context.time" in told else "evaluations" if "past times" in told else told]
    return [one["pointer"].removeprefix("#/") for one in response.json().get("errors", [{"pointer": "none"}])]


def fits(field, pointer):
    pattern = re.escape(field).replace(r"\*", "[0-9]+")
    return re.match(rf"{pattern}(/|\Z)", pointer) is not None


@schema.parametrize()
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_response_matches_the_schema(case, key_for):
    authorize(case, key_for)
    check(case, case.call())


def test_sequences_of_calls_match_the_schema(key_for):
    class Calls(schema.as_state_machine()):  # type: ignore[misc]  # made by a call
        """Calls that follow the links of the document: register, then use."""

        def before_call(self, case):
            authorize(case, key_for)

        def validate_response(self, response, case, **_):
            check(case, response)

    Calls.run(
        settings=settings(
            max_examples=max(1, CASES // 4),
            stateful_step_count=min(50, 2 * CASES),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )


ASKED = [
    ("GET", "/api/v1/subjects/lms-kiran?include=personal&reason=support_case", 200),
    ("GET", "/api/v1/subjects/lms-kiran/consents", 200),
    ("GET", "/api/v1/subjects/lms-kiran/standing", 200),
    ("GET", "/api/v1/purposes", 200),
    ("GET", "/api/v1/subjects/nobody", 404),
    ("GET", "/api/v1/nowhere", 404),
    ("DELETE", "/api/v1/purposes", 405),
    ("POST", "/api/v1/consents", 400),
    ("GET", "/access/v1/evaluation", 405),
    ("POST", "/access/v1/evaluation", 400),
    ("GET", "/access/v1/nowhere", 404),
]


def test_no_response_is_cached_and_each_has_a_request_id(committed, server_environment, tmp_path):
    key = {"Authorization": f"Bearer {committed.key('khyber')}"}
    with served(tmp_path / "logs") as port:
        ids = set()
        for method, path, status in ASKED:
            for headers, expected in ((key, status), ({}, 401)):
                answered, got, _ = call(port, method, path, [] if method == "POST" else None, **headers)
                assert answered in {expected, status}, path
                assert got.get_all("Cache-Control") == ["no-store"], path
                ids.add(got["X-Request-ID"])
        assert None not in ids
        assert len(ids) == 2 * len(ASKED)
        assert call(port, "GET", "/api/v1/purposes", **key, X_Request_ID="req-4711")[1]["X-Request-ID"] == "req-4711"
        tag = call(port, "GET", "/api/v1/purposes", **key)[1]["ETag"]
        status, got, _ = call(port, "GET", "/api/v1/purposes", **key, If_None_Match=tag)
        assert (status, got["Cache-Control"], got["ETag"]) == (304, "no-store", tag)
        assert got["X-Request-ID"]
