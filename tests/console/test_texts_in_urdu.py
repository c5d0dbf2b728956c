"""Texts of the console that depend on a row's values are in Urdu too."""

from paktaleem.directory.people.services import register_guardians
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.project.test_console_in_urdu import in_urdu


def test_the_warning_that_a_change_of_a_client_waits_is_in_urdu(cast):
    url = row_url("accounts/client", cast.client_id("indus"))
    form = {
        "name": "Indus Schools",
        "country": "PK",
        "address": "",
        "time_zone": "Asia/Karachi",
        "age_threshold": "13",
        "country_thresholds": "",
        "reason": "law_change",
        "ground": "The law has changed.",
    }
    page = in_urdu(cast, "amina").post(url, form, follow=True).content.decode()
    assert "دوسرے شخص کی منظوری تک نافذ نہیں ہوگی" in page
    assert "awaits approval" not in page


def test_the_fields_of_a_change_of_a_client_are_in_urdu(cast):
    test_the_warning_that_a_change_of_a_client_waits_is_in_urdu(cast)
    page = in_urdu(cast, "amina").get("/admin/accounts/clientchange/").content.decode()
    assert "نابالغوں کے لیے" in page
    assert "serves minors" not in page


def test_the_relation_to_a_guardian_is_in_urdu_on_the_page_of_a_person(cast, now):
    mother = {"external_id": "lms-mother", "relationship": "parent", "full_name": "Esra"}
    with in_client(cast.client_id("indus")):
        child, client = cast.subject("danish"), cast.client("indus")
        register_guardians(child, [mother], client=client, actor=SETTING_UP, at=now)
    page = in_urdu(cast, "farah").get(row_url("subjects/subject", child.pk)).content.decode()
    assert "والد یا والدہ" in page
    assert "Parent" not in page
