"""The recipients of a person's data, on their own page and on a guardian's page about a child."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from children.guardians.models import Guardianship
from children.guardians.services.guardians import change_guardian
from children.guardians.services.verifications import verify_guardian
from consent.sharing import admin, own_pages
from consent.sharing.services import report_disclosures
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.children.browsers import by_contact, child_page
from tests.children.guardians import guardian_of
from tests.consent.making import make_provider
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.sharing.test_disclosures import report_of
from tests.sharing.test_legal_disclosures import approved, disclose
from tests.signing_in import browser_of

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HEADING = "Who received the child’s data"
RECIPIENT, COURT = "Host Ltd", "District Court Lahore"


@pytest.fixture(autouse=True)
def shared(cast: Cast, time_machine: Any) -> Guardianship:
    """Freeze the clock; share data of Danish, with an authority too; name Esra as guardian, not yet verified."""
    time_machine.move_to(AT, tick=False)
    indus = cast.client_id("indus")
    with in_client(indus):
        make_provider(indus, at=AT - DAY, code="cloud")
        report_disclosures(indus, [report_of("lms-danish", AT - DAY)], actor=cast.key_actor("indus"), at=AT)
        return guardian_of(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)


def page_of(cast: Cast) -> str:
    return by_contact().get(child_page(cast)).content.decode()


def verify(cast: Cast, row: Guardianship, method: str = "in_person") -> None:
    with in_client(cast.client_id("indus")):
        verify_guardian(row, method=method, evidence="Seen at the office", actor=SETTING_UP, at=AT)


def test_a_guardian_sees_who_received_data_of_the_child(cast: Cast, shared: Guardianship) -> None:
    verify(cast, shared)
    page = page_of(cast)
    assert HEADING in page
    assert page.index(RECIPIENT) < page.index("Delivering the learning platform") < page.index("30 November 2026")


def test_a_guardian_who_may_not_receive_data_sees_no_disclosure(cast: Cast, shared: Guardianship) -> None:
    assert RECIPIENT not in page_of(cast), "not verified"
    verify(cast, shared)
    with in_client(cast.client_id("indus")):
        change_guardian(shared, changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    page = page_of(cast)
    assert RECIPIENT not in page
    assert HEADING in page, "the page says what it depends on"


@pytest.mark.parametrize(("informed", "is_named"), [("guardian", True), ("person", False)])
def test_an_authority_is_named_to_a_guardian_if_a_guardian_was_informed(
    cast: Cast, shared: Guardianship, informed: str, *, is_named: bool
) -> None:
    verify(cast, shared)
    with in_client(cast.client_id("indus")):
        disclose(cast, approved(cast, AT, "danish"), AT, informed=informed)
    assert (COURT in page_of(cast)) is is_named


def test_only_the_latest_are_shown_and_the_page_says_so(
    cast: Cast, shared: Guardianship, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(cast, shared)
    monkeypatch.setattr(own_pages, "_MOST", 1)
    monkeypatch.setattr(admin, "_MOST", 1)
    indus, words = (
        cast.client_id("indus"),
        "Only the latest 1 are shown. Request a copy of the child’s data to see all.",
    )
    with in_client(indus):
        disclose(cast, approved(cast, AT - DAY, "danish"), AT - DAY, informed="guardian")
    assert words not in page_of(cast)
    with in_client(indus):
        report_disclosures(indus, [report_of("lms-danish", AT)], actor=cast.key_actor("indus"), at=AT)
        disclose(cast, approved(cast, AT, "danish"), AT, informed="guardian")
    page = page_of(cast)
    assert (page.count(words), page.count(RECIPIENT), page.count(COURT)) == (2, 1, 1)
    of_staff = browser_of(cast.user("amina")).get(
        row_url("people/subject", cast.subject_id("danish"), "change") + "?tab=disclosures"
    )
    links = re.findall(r'Only the latest 1 are shown. <a href="([^"]+)">Show all</a>', of_staff.content.decode())
    assert [link.partition("?")[0] for link in links] == [
        "/admin/sharing/disclosure/",
        "/admin/sharing/legaldisclosure/",
    ]
