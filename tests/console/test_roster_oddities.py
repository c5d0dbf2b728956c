"""The page of a roster import lists what was odd in the file, in both languages, and shows no personal data."""

import pytest
from django.conf import settings

from paktaleem.directory.schools.models import RosterImport
from paktaleem.directory.schools.rosters.importing.uploads import purge_expired_rosters, shown_details, upload_roster
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from tests.rosters import clean_network

ENGLISH, URDU = "Another spelling of an allowed value", "درست قدر کی دوسری املا"


@pytest.fixture
def odd(cast, now, tmp_path):
    """A roster with five other spellings, and seven unknown columns that hold secrets."""
    package = clean_network()
    for row in package.tables["users.csv"]:
        row["enabledUser"] = "TRUE"
    package.row("users.csv", "danish")["role"] = "Student"
    for number in range(7):
        package.headers["users.csv"].append(f"pin{number}")
        package.row("users.csv", "danish")[f"pin{number}"] = "s3cret"
    package.headers["demographics.csv"].append("note<b>")
    content = package.write(tmp_path / "roster.zip").read_bytes()
    with in_client(cast.client_id("indus")):
        return upload_roster(content, client=cast.client("indus"), everybody=False, actor=cast.actor("farah"), at=now)


def page_of(browser, row, language):
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = browser.get(f"/admin/schools/rosterimport/{row.pk}/change/")
    assert page.status_code == 200
    return page.content.decode()


def test_the_page_says_what_was_found_and_how_it_was_read(sign_in, odd):
    page = page_of(sign_in("farah"), odd, "en")
    assert ENGLISH in page
    assert "users.csv 2 enabledUser: TRUE → true" in page
    assert "Read as the allowed value." in page
    assert "note&lt;b&gt;" in page
    assert "Danish" not in page
    assert "s3cret" not in page


def test_the_page_says_it_in_urdu(sign_in, odd):
    page = page_of(sign_in("farah"), odd, "ur")
    assert URDU in page
    assert "درست قدر کے طور پر پڑھا گیا۔" in page
    assert ENGLISH not in page
    assert "Guardian relations" not in page


def test_all_are_counted_and_the_first_are_shown_but_every_ignored_column_is_named(cast, odd):
    with in_client(cast.client_id("indus")):
        row = RosterImport.objects.get(pk=odd.pk)
        shown = [code for _file, _row, _column, code, *_ in shown_details(row)["oddities"]]
    assert row.state == "ready"
    assert row.counts["oddities"] == {"column_ignored": 8, "value_spelling": 5}
    assert (shown.count("value_spelling"), shown.count("column_ignored")) == (3, 8)


def test_after_the_file_expired_the_page_still_counts_them(sign_in, cast, odd, now):
    with in_client(cast.client_id("indus")):
        late = now + (now - get_cutoff("roster_files", at=now))
        assert purge_expired_rosters(cast.client_id("indus"), at=late) == 1
    page = page_of(sign_in("farah"), odd, "en")
    assert ENGLISH in page
    assert "TRUE → true" not in page
