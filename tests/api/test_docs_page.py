"""The API documentation page in a real browser, under the strict content security policy."""

import os

import pytest

from paktaleem.foundation.web.api.schema import schema_document


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
