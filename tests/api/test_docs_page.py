"""The API documentation page in a real browser, under the strict content security policy."""

import os
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rest_framework.serializers import BooleanField

from paktaleem.foundation.web.api.schema import schema_document
from paktaleem.foundation.web.api.serializers import StrictSerializer, TruthField
from paktaleem.office.api_urls import urlpatterns


@pytest.fixture(scope="module")
def served(shared_demonstration):
    return shared_demonstration.values["base_url"].rstrip("/")


def test_the_page_is_styled_and_follows_the_content_security_policy(served, chromium):
    page = chromium.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    response = page.goto(f"{served}/api/docs/")
    assert response is not None
    assert "default-src 'none'" in response.headers["content-security-policy"]
    operations = sum(len(methods) for methods in schema_document()["paths"].values())
    assert page.locator("main section").count() == operations
    assert page.locator("nav").evaluate("one => getComputedStyle(one).position") == "sticky"
    page.get_by_role("link", name="/access/v1/evaluations").click()
    page.locator("#EvaluateMany summary").first.click()
    assert page.locator("#EvaluateMany pre").first.is_visible()
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    if os.environ.get("DOCS_SHOT"):
        page.screenshot(path=os.environ["DOCS_SHOT"])
    assert said == []


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


def test_every_operation_is_on_the_page_with_its_key_and_every_post_has_an_idempotency_key(client, db):
    page = client.get("/api/docs/").content.decode()
    for path, operations in schema_document()["paths"].items():
        assert f"<code>{path}</code>" in page
        needed: list[Any] = [] if path.startswith("/.well-known/") else [{"ApiKey": []}]
        for method, operation in operations.items():
            assert f'<section id="{operation["operationId"]}"' in page
            assert operation["security"] == needed, path
            if method == "post" and path.startswith("/api/"):
                assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]], path


def test_no_word_or_number_of_the_input_is_read_as_a_boolean():
    serializers = list(StrictSerializer.__subclasses__())
    for serializer in serializers:
        serializers += serializer.__subclasses__()
        for name, field in serializer._declared_fields.items():
            assert not isinstance(field, BooleanField) or isinstance(field, TruthField), f"{serializer}.{name}"
    assert len(serializers) > 20


def test_304_is_described_for_conditional_requests():
    told = {path for path, operations in schema_document()["paths"].items() if "304" in str(operations)}
    assert told == {
        "/api/v1/changes",
        "/api/v1/consents/{event}/receipt",
        "/api/v1/disposals/{disposal}",
        "/api/v1/disposals/{disposal}/certificate",
        "/api/v1/notices/current",
        "/api/v1/orders",
        "/api/v1/orders/{order}",
        "/api/v1/purposes",
        "/api/v1/rights-requests/{rights_request}",
        "/api/v1/rights-requests/{rights_request}/copy",
        "/api/v1/subjects",
        "/api/v1/subjects/{external_id}/consents",
        "/api/v1/subjects/{external_id}/holdings",
        "/api/v1/webhooks",
        "/api/v1/webhooks/{webhook}",
        "/api/v1/webhooks/{webhook}/deliveries",
    }
