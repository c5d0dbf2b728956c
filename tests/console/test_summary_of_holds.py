"""The summary of a person names the holds in force, in the reader's language."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import HoldKind
from retention.schedule.services.holds import HoldScope, place_hold
from tests.cast import Cast
from tests.console.pages import row_url
from tests.signing_in import SignIn


@pytest.mark.parametrize(("language", "words"), [("en", ("Complaint", "Legal hold")), ("ur", ("شکایت", "قانونی روک"))])
def test_the_summary_names_the_holds_in_force(
    sign_in: SignIn, cast: Cast, language: str, words: tuple[str, ...]
) -> None:
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        for kind in (HoldKind.COMPLAINT, HoldKind.LEGAL):
            about: dict[str, Any] = {"kind": kind, "ground": "Case 12.", "review_on": (at + timedelta(days=30)).date()}
            scope = HoldScope(subject=cast.subject("junaid"))
            place_hold(cast.client("indus"), scope=scope, actor=cast.actor("farah"), at=at, **about)
    browser = sign_in("farah")
    browser.get("/admin/", {"lang": language})
    page = browser.get(row_url("people/subject", cast.subject_id("junaid"))).content.decode()
    summary = page[page.index('class="summary"') :]
    assert [each for each in words if each not in summary[: summary.index("</dl>")]] == []
