"""The day of an officer in a browser: a missing rule is written, its disposal reviewed, approved by two, and certified.

``SHOTS=folder`` stores a screenshot of every page.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.tenancy.context import in_client
from retention.disposals.models import Batch
from retention.holdings.models import Holding
from tests.cast import Cast
from tests.consent.test_announcing_in_a_browser import Desk, aside
from tests.retention.disposals.steps import answer, certify, hold_data, order_all, sweep
from tests.serving import environment_of_server, served

RULE = "/admin/schedule/retentionrule/add/"
DAY = timedelta(days=1)


@pytest.fixture
def port(committed: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The portal, served on this test's own database; more than one holding takes two people."""
    added = {"SECURE_COOKIES": "false", "DISPOSAL_ALONE_MOST": "1"}
    for name, value in (environment_of_server() | added).items():
        monkeypatch.setenv(name, value)
    with served(tmp_path) as found:
        yield found


def begin(cast: Cast) -> Any:
    """Hold data of three people, for which there is no rule; return the purpose."""
    with in_client(cast.client_id("indus")):
        for name in ("hamza", "junaid", "iqra"):
            hold_data(cast, name, at=timezone.now())
        return Purpose.objects.get(code="newsletter", client_id=cast.client_id("indus")).pk


def sweep_now(cast: Cast) -> Any:
    with in_client(cast.client_id("indus")):
        sweep(cast.client_id("indus"), timezone.now())
        return Batch.objects.get().pk


def finish(cast: Cast) -> datetime:
    """Do what worker and systems do in the following days; return when it was certified."""
    at = timezone.now() + 2 * DAY
    with in_client(cast.client_id("indus")):
        batch = order_all(Batch.objects.get(), at)
        for order in Order.objects.filter(parent_id=batch.pk):
            answer(cast, order, at=at)
        certify(batch, at)
        assert Holding.objects.filter(ended_at=None).count() == 1
    return at


LABELS_OUT_OF_LINE = """() => {
    const side = document.documentElement.dir === "rtl" ? "right" : "left";
    const edge = (one) => Math.round(one.getBoundingClientRect()[side]);
    const labels = [...document.querySelectorAll(".form-row > .flex-container > label")];
    return labels.filter((label) => edge(label) !== edge(label.parentElement)).map((label) => label.textContent);
}"""


def write_rule(desk: Desk, cast: Cast, purpose: Any) -> None:
    """Write the missing rule: the effect is shown first, the second submission saves it."""
    page = desk.page
    desk.go(RULE)
    assert page.evaluate(LABELS_OUT_OF_LINE) == []
    page.select_option("select[name=client]", str(cast.client_id("indus")))
    for name, value in {
        "category": "contact_details",
        "purpose": str(purpose),
        "trigger": "collected",
        "action": "delete",
        "reason": "review",
    }.items():
        page.select_option(f"select[name={name}]", value)
    for name, value in {"period": "P30D", "ground_en": "The letter is monthly.", "ground_ur": "خط ماہانہ ہے۔"}.items():
        page.fill(f"[name={name}]", value)
    page.locator(".submit-row input[type=submit]").first.click()
    expect(page.locator("section[aria-labelledby=effect] td").first).to_have_text("3")
    desk.look("effect-of-the-rule")
    page.locator(".submit-row input[type=submit]").first.click()
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ur"])
def test_an_officers_day_from_a_missing_rule_to_the_certificate(
    committed: Cast, chromium: Browser, port: int, language: str, tmp_path: Path
) -> None:
    purpose = aside(lambda: begin(committed))
    officer = Desk(chromium, port, committed, "amina", language)
    officer.go("/admin/")
    expect(officer.page.locator("a[href*='/retentionrule/schedule/']").first).to_be_visible()
    write_rule(officer, committed, purpose)
    key = aside(lambda: sweep_now(committed))
    officer.go("/admin/")
    officer.page.locator("a[href*='/disposals/batch/?progress=to_review_at']").first.click()
    officer.look("disposals")
    officer.page.locator(f"a[href*='{key}']").first.click()
    expect(officer.page.locator("section[aria-labelledby=panel-counts] tbody td").nth(2)).to_have_text("3")
    officer.look("review")
    officer.act("take-out")
    officer.page.fill("input[name=person]", "lms-iqra")
    officer.page.fill("[name=ground]", "A reunion is planned.")
    officer.send()
    admin = Desk(chromium, port, committed, "farah", language)
    admin.go(f"/admin/disposals/batch/{key}/change/")
    admin.act("approve")
    admin.send()
    officer.go(f"/admin/disposals/batch/{key}/change/")
    officer.page.locator("a[href*='/consent/safeguardchange/']").first.click()
    officer.act("approve")
    officer.send(reason="review")
    officer.look("scheduled")
    aside(lambda: finish(committed))
    officer.go(f"/admin/disposals/batch/{key}/change/")
    officer.look("certified")
    officer.act("certificate-pdf")
    with officer.page.expect_download() as download:
        officer.page.locator(".submit-row input[type=submit]").click()
    file = tmp_path / "certificate.pdf"
    download.value.save_as(file)
    assert "Certificate of disposal" in PdfReader(file).pages[0].extract_text()
