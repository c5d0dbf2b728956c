"""Receipts: the content ISO/IEC TS 27560 requires, in DPV terms, always the same bytes."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jsonschema
import pytest
from django.test import Client
from hypothesis import given as drawn, strategies as st
from pyld import jsonld

from consent.consents.models import ConsentEvent, ConsentState
from consent.receipts.receipt import (
    RECEIPT_CODE,
    DataItem,
    Party,
    PortalUrls,
    ReceiptEvent,
    ReceiptNotice,
    RecordFacts,
    consent_receipt,
    find_event_id,
    make_receipt_code,
)
from consent.receipts.views import receipt_key
from consent.register import dpv
from consent.register.compiled import PurposeText
from consent.register.models.purposes import Purpose
from consent.register.services import request_safeguard_change, widen_purpose
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.law.profiles import Authority
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link, latest_code, send, visitor, work
from tests.api.callers import Caller
from tests.console.pages import refused_by_policy
from tests.laws import law_abroad, move_abroad
from tests.signing_in import browser_of

HERE = Path(__file__).parent
TERMS = frozenset((HERE / "dpv_terms.txt").read_text(encoding="utf-8").splitlines())
SCHEMA = json.loads((HERE / "receipt.schema.json").read_text(encoding="utf-8"))
BASE = "https://privacy.school.example"
PLACE = PortalUrls(BASE, f"{BASE}/privacy/indus/", f"{BASE}/choices/indus/", f"{BASE}/privacy/indus/")
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
TOLD = ReceiptNotice(uuid4(), 3, "Newsletter", "ur", "ab" * 32, AT)
SCHOOL = Party(uuid4(), "Indus Schools", ("PK",), f"{BASE}/privacy/indus/", "1 Canal Road, Lahore 54000")


def load_offline(address, _options):
    """Return the pinned context; nothing is fetched."""
    if address != f"{BASE}{dpv.CONTEXT_PATH}":
        raise AssertionError(f"{address} would be fetched")
    return {"contextUrl": None, "documentUrl": address, "document": dpv.CONTEXT}


def expanded(document):
    return jsonld.expand(document, {"documentLoader": load_offline})


def iris(value):
    """Return every DPV IRI in an expanded document, as key, type, id or value."""
    if isinstance(value, dict):
        return set().union(*(iris(part) for pair in value.items() for part in pair), set())
    if isinstance(value, list):
        return set().union(*map(iris, value), set())
    return {value} if isinstance(value, str) and value.startswith("https://w3id.org/dpv") else set()


def event(state, **changed):
    values = {"by": "self", "method": "On paper", "language": "ur", "actor": uuid4(), "notice": TOLD}
    return ReceiptEvent(id=uuid4(), state=state, recorded_at=AT, **{**values, **changed})


def facts(*events, **changed):
    values = {
        "record_id": uuid4(),
        "subject": uuid4(),
        "role": "student",
        "purpose": uuid4(),
        "purpose_code": "newsletter",
        "purpose_text": PurposeText("Newsletter", "Telling families what the school does."),
        "purpose_term": "dpv:DirectMarketing",
        "categories": [DataItem(code, code) for code in [*dpv.CATEGORIES, "our_own"]],
        "basis": "consent",
        "controller": SCHOOL,
        "processor": Party(uuid4(), "PakTaleem", ("PK",), f"{BASE}/privacy/"),
        "recipients": [Party(uuid4(), "Mailer", ("IE", "PK"), f"{BASE}/privacy/indus/")],
        "storage_countries": ["pk", "GB"],
        "events": events,
        "authority": Authority("Data Protection Authority", "https://authority.example/"),
    }
    return RecordFacts(**{**values, **changed})


EVERY_STATE = [event(state) for state in dpv.STATES] + [
    event("given", by="guardian", guardian=uuid4(), relationship="parent", of_child=True),
    event("given", by="guardian", guardian=uuid4(), relationship="relative", expires_at=AT + timedelta(days=365)),
    event("withdrawn", by="staff", notice=None),
    event("given", is_renewal=True),
    event("revoked", by="organisation", reason="incident"),
]


@pytest.mark.parametrize("basis", dpv.BASES)
@pytest.mark.parametrize("role", ["student", "learner", "instructor", "administrator", "guardian"])
def test_every_term_is_one_of_dpv_and_expands_offline(basis, role):
    document = expanded(consent_receipt(facts(*EVERY_STATE, basis=basis, role=role), PLACE))
    found = iris(document)
    assert len(found) > 40
    assert found - TERMS == {dpv.RECORD_PROFILE, dpv.RECEIPT_PROFILE}  # profile names, not terms


def test_no_term_is_lost_in_expansion():
    """A key without a known prefix would be dropped silently."""
    receipt = consent_receipt(facts(*EVERY_STATE), PLACE)
    compacted = jsonld.compact(expanded(receipt), dpv.CONTEXT, {"documentLoader": load_offline})
    del receipt["@context"], compacted["@context"]
    assert keys(receipt) - {"@value"} == keys(compacted) - {"@value"}


def keys(value):
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_every_purpose_and_category_that_may_be_named_is_one_of_dpv():
    names = [*dpv.PURPOSES, *dpv.CATEGORIES.values(), *dpv.STATES.values(), *dpv.PEOPLE.values(), *dpv.RIGHTS]
    assert iris(expanded({"@context": dpv.CONTEXT["@context"], "@id": "urn:x", "skos:broader": names})) <= TERMS
    assert not [term for term in dpv.PURPOSES if "sell" in term.lower()]


@pytest.mark.parametrize("latest", EVERY_STATE, ids=lambda one: f"{one.state}-{one.by}")
def test_what_the_standard_makes_mandatory_is_there(latest):
    receipt = consent_receipt(facts(event("requested"), latest), PLACE)
    jsonschema.validate(receipt, SCHEMA, format_checker=jsonschema.FormatChecker())


def test_joint_controllers_are_both_named_also_without_other_recipients():
    other = Party(uuid4(), "PakTaleem", ("PK",), f"{BASE}/privacy/")
    receipt = consent_receipt(facts(event("given"), processor=None, joint_controller=other, recipients=[]), PLACE)
    jsonschema.validate(receipt, SCHEMA, format_checker=jsonschema.FormatChecker())
    [record] = receipt["dpv:hasRecordOfActivity"]
    assert [one["@type"][1:] for one in record["dpv:hasEntity"]] == [["dpv:DataController"]] * 2
    [process] = record["dpv:hasProcess"]
    assert process["dpv:hasDataController"] == [f"urn:uuid:{SCHOOL.id}", f"urn:uuid:{other.id}"]


def test_the_schema_notices_what_is_missing():
    receipt = consent_receipt(facts(event("given")), PLACE)
    del receipt["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"][0]["dpv:hasConsentControl"]
    with pytest.raises(jsonschema.ValidationError, match="hasConsentControl"):
        jsonschema.validate(receipt, SCHEMA)


def record_of(*events, **changed):
    return consent_receipt(facts(*events, **changed), PLACE)["dpv:hasRecordOfActivity"][0]


def test_each_party_has_its_part_its_address_and_its_countries():
    controller, processor, mailer = record_of(event("given"))["dpv:hasEntity"]
    assert controller["@type"] == ["dpv:Organisation", "dpv:DataController"]
    assert controller["schema:address"] == {
        "@type": "schema:PostalAddress",
        "schema:streetAddress": "1 Canal Road, Lahore 54000",
        "schema:addressCountry": "PK",
    }
    assert processor["@type"][1] == "dpv:DataProcessor"
    assert mailer["dpv:hasLocation"] == ["loc:IE", "loc:PK"]
    assert mailer["schema:address"]["schema:addressCountry"] == "IE"
    [party] = record_of(event("given"), processor=None, recipients=[SCHOOL])["dpv:hasEntity"]
    assert party["@type"] == ["dpv:Organisation", "dpv:DataController", "dpv:Recipient"], "two parts, one party"


def test_it_says_where_data_is_worked_with_and_by_whom_and_that_it_goes_nowhere_else():
    [process] = record_of(event("given"))["dpv:hasProcess"]
    assert [one["dpv:hasLocation"] for one in process["dpv:hasProcessingCondition"]] == ["loc:PK", "loc:GB", "loc:IE"]
    assert process["dpv:hasRule"][0]["@type"] == "dpv:Prohibition"
    assert process["dpv:hasRecipient"][0] == process["dpv:hasDataProcessor"]
    assert process["dpv:hasAuthority"]["dpv:hasName"] == "Data Protection Authority"
    [process] = record_of(event("given"), authority=None, purpose_term="dpv:Astrology")["dpv:hasProcess"]
    assert "dpv:hasAuthority" not in process
    assert "skos:broader" not in process["dpv:hasPurpose"][0]


def test_each_answer_says_its_kind_how_long_it_holds_and_why_it_ended():
    revoked = event("revoked", by="organisation", reason="incident")
    answers = event("given", expires_at=AT), event("given", is_renewal=True), event("refused"), revoked
    first, again, refusal, end = record_of(*answers)["dpv:hasConsentStatus"]
    assert first["@type"] == ["dpv:ConsentGiven", "dpv:ExpressedConsent"]
    assert first["dpv:hasDuration"]["@type"] == "dpv:UntilTimeDuration"
    assert again["@type"] == ["dpv:RenewedConsentGiven", "dpv:ExpressedConsent"]
    assert refusal["dpv:hasDuration"]["rdf:value"] == "the person answers anew"
    assert end["dpv:hasJustification"]["dct:identifier"] == "incident"


def test_a_guardian_who_withdraws_is_the_persons_side_and_the_school_is_not():
    guardian = uuid4()
    world = facts(event("withdrawn", by="guardian", guardian=guardian, of_child=True), event("revoked", by="staff"))
    withdrawn, revoked = consent_receipt(world, PLACE)["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"]
    assert withdrawn["@type"] == ["dpv:ConsentWithdrawn"]
    assert withdrawn["dpv:isIndicatedBy"]["@id"] == f"urn:uuid:{guardian}"
    assert revoked["dpv:isIndicatedBy"]["@id"] == f"urn:uuid:{SCHOOL.id}"


# Over the API


@pytest.fixture
def given(khyber_lms):
    return khyber_lms.consent("lms-kiran", "newsletter").json()["events"][0]["id"]


def receipt_of(caller, event_id, **query):
    return caller.get(f"/api/v1/consents/{event_id}/receipt", **query)


def test_a_receipt_says_who_what_when_and_how_to_change_it(khyber_lms, given, cast):
    answer = receipt_of(khyber_lms, given)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
    assert "lms-kiran" not in answer.text
    assert "Kiran" not in answer.text
    receipt = answer.json()
    jsonschema.validate(receipt, SCHEMA)
    [record] = receipt["dpv:hasRecordOfActivity"]
    [process] = record["dpv:hasProcess"]
    assert receipt["dct:identifier"] == given
    assert record["dpv:hasDataSubject"]["@id"] == f"urn:uuid:{cast.subject_id('kiran')}"
    assert process["dpv:hasLegalBasis"] == "eu-gdpr:A6-1-a"
    assert process["dpv:hasConsentControl"]["dpv:isExercisedAt"].endswith("/choices/khyber/")
    places = {one["@type"][1]: one["dpv:isExercisedAt"] for one in process["dpv:hasRight"]}
    assert places.pop("eu-gdpr:A7-3").endswith("/choices/khyber/")
    assert {place.split("/privacy/")[1] for place in places.values()} == {"khyber/#rights"}
    assert [one["dct:identifier"] for one in process["dpv:hasPersonalData"]] == ["contact_details"]
    assert process["dpv:hasRecipient"] == [process["dpv:hasDataProcessor"]]
    [status] = record["dpv:hasConsentStatus"]
    assert status["@type"] == ["dpv:ConsentGiven", "dpv:ExpressedConsent"]
    shown = cast.get(ConsentEvent, "khyber", pk=given)
    assert record["dpv:hasNotice"][0]["dct:identifier"] == f"sha256:{shown.shown_hash}"


def test_an_earlier_receipt_does_not_change_when_the_register_and_the_answer_do(khyber_lms, given, cast):
    before = receipt_of(khyber_lms, given)
    with in_client(cast.client_id("khyber")):
        purpose = Purpose.objects.get(code="newsletter")
        told = {"actor": cast.actor("celia"), "reason": Reason.CORRECTION}
        purpose = widen_purpose(purpose, categories=["usage_logs"], at=datetime.now(UTC), **told)
        purpose.name_en = "Something else"
        requester, at = cast.actor("celia"), datetime.now(UTC)
        change = request_safeguard_change(purpose, ground="Another name.", actor=requester, at=at)
        decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=datetime.now(UTC))
    withdrawn = khyber_lms.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw").json()["id"]
    assert receipt_of(khyber_lms, given).content == before.content
    later = receipt_of(khyber_lms, withdrawn).json()["dpv:hasRecordOfActivity"][0]
    assert [one["@type"][0] for one in later["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert later["dpv:hasProcess"][0]["dct:title"] == "Something else"
    assert later["dct:identifier"] == before.json()["dpv:hasRecordOfActivity"][0]["dct:identifier"]


def test_a_receipt_names_the_authority_of_where_the_person_lived_then(khyber_lms, given, cast, tmp_path):
    with law_abroad(tmp_path):
        before = receipt_of(khyber_lms, given)
        with in_client(cast.client_id("khyber")):
            move_abroad(cast.subject("kiran"), at=datetime.now(UTC))
        withdrawn = khyber_lms.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw").json()["id"]
        [later] = receipt_of(khyber_lms, withdrawn).json()["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]
        assert receipt_of(khyber_lms, given).content == before.content
    assert later["dpv:hasAuthority"]["dpv:hasName"] == "Office of a test"
    assert "Office of a test" not in before.text


def test_names_are_in_the_requested_language_and_an_unchanged_receipt_costs_no_body(khyber_lms, given):
    title = receipt_of(khyber_lms, given, language="ur").json()["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"][0]
    assert not title["dct:title"].isascii()
    assert receipt_of(khyber_lms, given, language="fr").status_code == 400
    etag = receipt_of(khyber_lms, given)["ETag"]
    again = khyber_lms.get(f"/api/v1/consents/{given}/receipt", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_another_clients_receipt_is_not_there(khyber_lms, given, cast):
    foreign = receipt_of(Caller(cast.key("indus")), given)
    nobody = receipt_of(Caller(cast.key("indus")), UUID(int=0))
    assert foreign.status_code == nobody.status_code == 404
    assert foreign.json()["type"] == nobody.json()["type"]


def test_the_context_is_served_as_it_is_used(client):
    answer = client.get(dpv.CONTEXT_PATH)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
    assert answer.json() == dpv.CONTEXT
    assert client.post(dpv.CONTEXT_PATH).status_code == 405


def test_every_starter_purpose_has_a_broader_dpv_purpose(cast):
    with in_client(cast.client_id("indus")):
        terms = set(Purpose.objects.exclude(dpv_term="").values_list("dpv_term", flat=True))
    assert terms
    assert terms <= dpv.PURPOSES


def test_every_consent_state_but_outdated_has_its_word():
    assert set(ConsentState.values) - set(dpv.STATES) == {"outdated"}


KEY = b"k" * 32


@drawn(st.uuids())
def test_a_code_leads_back_to_its_event_however_it_is_typed(event):
    code = make_receipt_code(event, KEY)
    assert re.fullmatch(RECEIPT_CODE, code)
    assert find_event_id(code, KEY) == event
    assert find_event_id(f" {code[:9].lower()} {code[9:]}\n", KEY) == event


@drawn(st.text(max_size=40))
def test_whatever_else_is_typed_leads_nowhere(text):
    assert find_event_id(text, KEY) is None


def test_a_code_cannot_be_made_up_or_moved_to_another_event():
    code = make_receipt_code(uuid4(), KEY)
    assert find_event_id(code, b"x" * 32) is None
    assert find_event_id(make_receipt_code(uuid4(), KEY)[:20] + code[20:], KEY) is None


@pytest.fixture
def answered(cast):
    caller = Caller(cast.key("khyber"))
    answer = caller.consent("lms-kiran", "newsletter", shown=caller.shown("newsletter", "ur"), language="ur")
    with in_client(cast.client_id("khyber")):
        return ConsentEvent.objects.select_related("notice_version").get(pk=answer.json()["events"][0]["id"])


def page_of(cast, event, name="celia", **query):
    return browser_of(cast.user(name)).get(f"/admin/consent/consentevent/{event.pk}/receipt/", query)


def test_the_receipt_is_in_the_language_of_the_answer_or_in_the_requested_one(cast, answered):
    answer = page_of(cast, answered)
    urdu = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "lms-kiran" not in urdu
    assert "خود متعلقہ شخص، تعلیمی پلیٹ فارم میں" in urdu, "a comma and a space"
    english = page_of(cast, answered, **{"in": "en"}).content.decode()
    assert '<html lang="ur" dir="rtl">' in urdu
    assert '<html lang="en" dir="ltr">' in english
    assert "Yes, given" in english
    assert "Yes, given" not in urdu
    for page in (urdu, english):  # the shown text stays in its language
        assert answered.notice_version.text_ur.splitlines()[0] in page
        assert refused_by_policy(page) == []


def test_its_code_and_its_square_lead_to_the_choices(cast, answered):
    page = page_of(cast, answered, **{"in": "en"}).content.decode()
    [address] = re.findall(r'href="(https?://[^"]+/choices/khyber/receipt/[^"]+)"', page)
    assert find_event_id(address.rstrip("/").rpartition("/")[2], receipt_key()) == answered.pk
    assert "<svg" in page


def test_a_receipt_and_what_it_leads_to_link_the_clients_own_form_for_requests(cast, answered):
    pages = (page_of(cast, answered), visitor().get(code_url(answered)), visitor().get("/choices/khyber/"))
    for page in pages:
        assert "/requests/khyber/" in page.content.decode()


# From the person's page, and from its code to the choices


def own_url(event):
    return f"/choices/receipt/{event.pk}/"


def test_the_person_prints_their_own_receipt_and_no_other_person(cast, answered):
    browser = by_link(cast, "khyber", "lms-kiran")
    assert own_url(answered) in browser.get("/choices/?lang=en").content.decode()
    page = browser.get(own_url(answered), {"lang": "en"})
    assert (page.status_code, "Yes, given" in page.content.decode()) == (200, True)
    assert 'href="?lang=ur"' in page.content.decode()
    assert visitor().get(own_url(answered)).status_code == 403
    assert by_link(cast, "indus", "lms-hamza").get(own_url(answered)).status_code == 404


def code_url(event, client="khyber"):
    return f"/choices/{client}/receipt/{make_receipt_code(event.pk, receipt_key())}/"


def test_a_receipts_code_leads_to_the_choices_by_a_code_to_the_known_address(cast, answered, mailoutbox):
    browser = visitor()
    looked = browser.get(code_url(answered), {"lang": "en"})
    assert (looked.status_code, mailoutbox) == (200, [])
    assert send(browser, code_url(answered)).status_code == 302
    work()
    assert len(mailoutbox) == 1
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    assert "Take back" in browser.get("/choices/?lang=en").content.decode()


def test_a_made_up_code_and_one_of_another_school_lead_nowhere(cast, answered):
    for code in ("A" * 32, "none", "%00", "ü" * 32):
        assert visitor().get(f"/choices/khyber/receipt/{code}/").status_code == 404
    assert visitor().get(code_url(answered, "indus")).status_code == 404
    assert visitor().post(code_url(answered)).status_code == 403  # only with the form's CSRF token


def test_a_receipt_says_where_each_right_is_exercised(cast, answered):
    printed = page_of(cast, answered, **{"in": "en"}).content.decode()
    [address] = re.findall(r'href="https?://[^/]+(/privacy/khyber/#rights)"', printed)
    policy = Client().get("/privacy/khyber/", {"lang": "en"}).content.decode()
    assert 'id="rights"' in policy
    assert "delete or restrict" in policy
    assert "contact that Khyber" in printed
    assert "your school has on file" not in printed
    assert address.endswith("#rights")
