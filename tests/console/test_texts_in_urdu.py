"""Texts of the console that depend on a row's values are in Urdu too."""

from consent.register.models.purposes import Purpose
from paktaleem.directory.people.services.batches import register_guardians
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import row_url
from tests.console.urdu import in_urdu
from tests.factories import SETTING_UP

CLIENT = {"name": "Indus Schools", "country": "PK", "time_zone": "Asia/Karachi", "age_threshold": "13"}
CLIENT["reason"] = "law_change"


def test_the_warning_that_a_change_of_a_client_waits_is_in_urdu(cast):
    url = row_url("accounts/client", cast.client_id("indus"))
    form = {**CLIENT, "address": "", "country_thresholds": "", "ground": "The law has changed."}
    page = in_urdu(cast, "amina").post(url, form, follow=True).content.decode()
    assert "دوسرے شخص کی منظوری تک نافذ نہیں ہوگی" in page
    assert "awaits approval" not in page


def test_the_fields_of_a_change_of_a_client_are_in_urdu(cast):
    test_the_warning_that_a_change_of_a_client_waits_is_in_urdu(cast)
    change = cast.get(ProposedChange)
    page = in_urdu(cast, "amina").get(row_url("accounts/proposedchange", change.pk)).text
    assert "نابالغوں کے لیے" in page
    assert "serves minors" not in page


def test_the_relation_to_a_guardian_is_in_urdu_on_the_page_of_a_person(cast, now):
    mother = {"external_id": "lms-mother", "relationship": "parent", "full_name": "Esra"}
    with in_client(cast.client_id("indus")):
        child, client = cast.subject("danish"), cast.client("indus")
        register_guardians(child, [mother], client=client, actor=SETTING_UP, at=now)
    page = in_urdu(cast, "farah").get(row_url("people/subject", child.pk)).content.decode()
    assert "والد یا والدہ" in page
    assert "Parent" not in page


def test_the_error_of_a_service_is_in_urdu(cast):
    url = row_url("accounts/client", cast.client_id("indus"))
    page = in_urdu(cast, "amina").post(url, CLIENT).content.decode()
    assert "سرپرستوں کا تحفظ کم ہوتا ہے: وجہ الفاظ میں لکھیں" in page
    assert "reduces guardian protection" not in page


def test_the_ground_of_a_weaker_safeguard_is_asked_for_in_urdu(cast):
    purpose = cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))
    form = {"purpose": purpose.pk, "role": "instructor", "basis": "legal_obligation", "reason": "law_change"}
    form["legal_reference"] = "Education Act s. 4"
    page = in_urdu(cast, "farah").post("/admin/consent/lawfulbasis/add/", form)
    assert "یہ تبدیلی ایک تحفظ کمزور کرتی ہے" in page.content.decode()
    assert "weakens a safeguard" not in page.content.decode()


def test_the_names_of_purposes_and_roles_are_in_urdu(cast):
    page = in_urdu(cast, "farah").get("/admin/consent/lawfulbasis/").content.decode()
    purpose = cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))
    assert purpose.name_ur in page
    assert purpose.name_en not in page
    assert "طالب علم" in page
    assert ">Student<" not in page


def test_the_decisions_on_the_page_of_a_person_name_purposes_in_urdu(cast):
    page = in_urdu(cast, "farah").get(row_url("people/subject", cast.subject_id("junaid"))).content.decode()
    purpose = cast.get(Purpose, code="product_research", client_id=cast.client_id("indus"))
    assert page.count(purpose.name_ur) > 1, "among the consents, and among the decisions"
    assert "Product research" not in page


def test_an_empty_choice_is_in_urdu(cast):
    page = in_urdu(cast, "farah").get("/admin/consent/lawfulbasis/add/").content.decode()
    assert "ایک چنیں" in page
    assert "Select an option" not in page
