"""Wider purposes and weaker safeguards in the console: the effect first, then a ground and a second person."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, ConsentState, Restriction
from consent.consents.services.recording import Answer, record_answers
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import request_safeguard_change
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import make_provider, officer, shown
from tests.consent.test_recipients import approval
from tests.console.pages import row_url, shows_effect_only

LAW = {
    "role": "instructor",
    "basis": "legal_obligation",
    "legal_reference": "Education Act s. 4",
    "reason": "client_instruction",
}
STALE = 301


def newsletter(cast):
    return cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))


def answer_of_junaid(cast, state):
    at = timezone.now() - timedelta(minutes=1)
    with in_client(cast.client_id("indus")):
        token = shown(cast.client_id("indus"), at)
        answers = [Answer("newsletter", state)]
        record_answers(cast.subject("junaid"), answers=answers, shown=token, actor=cast.key_actor("indus"), at=at)


def only_change(cast):
    return cast.get(ProposedChange)


def test_adding_data_shows_first_who_must_be_asked_again(sign_in, cast):
    answer_of_junaid(cast, ConsentState.GIVEN)
    browser, row = sign_in("farah"), newsletter(cast)
    page = browser.get(row_url("consent/purpose", row.pk)).content.decode()
    assert "Add data categories" in page
    url = row_url("consent/purpose", row.pk, "widen")
    form = browser.get(url).content.decode()
    assert (
        "Consents to be given again: <strong>1</strong>. People: <strong>1</strong>. Clients: <strong>1</strong>."
        in form
    )
    assert "Indus Schools Network" in form
    assert 'value="contact_details"' not in form
    assert browser.post(url, {"categories": ["device"], "reason": "client_instruction"}).status_code == 302
    assert newsletter(cast).categories == ["contact_details", "device"]
    consent = cast.get(Consent)
    for page in (row_url("people/subject", cast.subject_id("junaid")), row_url("consent/consent", consent.pk)):
        assert "Outdated" in browser.get(page).content.decode()
        assert "Outdated" in sign_in("amina").get(page).content.decode()


def test_a_weaker_basis_shows_its_effect_asks_for_the_ground_and_waits(sign_in, cast):
    answer_of_junaid(cast, ConsentState.REFUSED)
    browser, url = sign_in("farah"), "/admin/consent/lawfulbasis/add/"
    values = {**LAW, "purpose": str(newsletter(cast).pk)}
    assert 'name="ground"' not in browser.get(url).content.decode()
    first = browser.post(url, values)
    page = first.content.decode()
    assert first.status_code == 200
    assert "Consent does not decide. People: <strong>1</strong>. Clients: <strong>1</strong>." in page
    assert "Refused or withdrawn: <strong>1</strong>" in page
    assert 'name="ground"' in page
    assert shows_effect_only(page)
    assert page.index("Consent does not decide.") < page.index('name="_save"')
    assert not cast.has(ProposedChange)
    assert "This field is required." in browser.post(url, {**values, "ground": " "}).content.decode()
    second = browser.post(url, {**values, "ground": "The ministry ordered it."})
    change = only_change(cast)
    assert second["Location"] == row_url("accounts/proposedchange", change.pk)
    assert "The ministry ordered it." in browser.get(second["Location"]).content.decode()
    approve = row_url("accounts/proposedchange", change.pk, "approve")
    assert "A second person must approve it" in browser.post(approve, {"reason": "review"}).content.decode()
    officer = sign_in("amina")
    assert "Refused or withdrawn" in officer.get(row_url("accounts/proposedchange", change.pk)).content.decode()
    assert officer.post(approve, {"reason": "review"}).status_code == 302
    assert cast.get(LawfulBasis, pk=change.row).basis == "legal_obligation"


def test_a_waiting_change_of_words_is_about_todays_name(sign_in, cast):
    answer_of_junaid(cast, ConsentState.GIVEN)
    with in_client(cast.client_id("indus")):
        purpose = newsletter(cast)
        name, purpose.name_en = purpose.name_en, "Profiling for partners"
        change = request_safeguard_change(purpose, ground="More.", actor=cast.actor("farah"), at=timezone.now())
    page = sign_in("amina").get(row_url("accounts/proposedchange", change.pk)).text
    head, panel = page.split('id="panel-change"')
    assert (name in head, "Profiling" in head, "Profiling" in panel) == (True, False, True)


def test_ending_a_consent_that_hides_a_contract_waits(sign_in, cast):
    browser = sign_in("farah")
    support = cast.get(Purpose, code="support")
    own = {"purpose": str(support.pk), "role": "instructor", "basis": "consent", "reason": "review"}
    assert browser.post("/admin/consent/lawfulbasis/add/", own).status_code == 302
    row = cast.get(LawfulBasis, purpose=support, client_id=cast.client_id("indus"))
    url = row_url("consent/lawfulbasis", row.pk, "end")
    assert "Consent does not decide" in browser.get(url).content.decode()
    assert browser.post(url, {"reason": "review"}).status_code == 200
    assert browser.post(url, {"reason": "review", "ground": "Support is part of the contract."}).status_code == 302
    assert cast.get(LawfulBasis, pk=row.pk).ends_at is None
    change = only_change(cast)
    assert "A lawful basis other than consent" in sign_in("amina").get("/admin/").content.decode()
    approve = row_url("accounts/proposedchange", change.pk, "approve")
    response = sign_in("amina").post(approve, {"reason": "review"})
    assert response.status_code == 302, response.content.decode()
    assert cast.get(LawfulBasis, pk=row.pk).ends_at is not None


def test_the_form_of_a_purpose_adds_no_data_and_opens_it_to_no_closed_accounts_in_passing(sign_in, cast):
    browser, row = sign_in("farah"), newsletter(cast)
    values = {
        "name_en": row.name_en,
        "name_ur": row.name_ur,
        "description_en": row.description_en,
        "description_ur": row.description_ur,
        "categories": row.categories,
        "renew_days": "30",
        "is_active": "on",
        "reason": "review",
    }
    url = row_url("consent/purpose", row.pk)
    wider = {"categories": ["contact_details", "device"], "needs_account": "on"}
    response = browser.post(url, {**values, **wider})
    assert "Add data categories" in response.content.decode()
    assert response.status_code == 200
    assert newsletter(cast).categories == ["contact_details"]
    page = browser.post(url, values).content.decode()
    assert "whose account is closed" in page
    response = browser.post(url, {**values, "ground": "News for alumni."})
    assert response["Location"] == row_url("accounts/proposedchange", only_change(cast).pk)
    assert newsletter(cast).needs_account


def test_a_settled_change_still_shows_old_and_new_words_and_the_approval_its_effect(sign_in, cast):
    answer_of_junaid(cast, ConsentState.GIVEN)
    farah, amina, row = sign_in("farah"), sign_in("amina"), newsletter(cast)
    row.name_en = "Profiling for partners"
    with in_client(row.client_id):
        by: dict[str, Any] = {"actor": cast.actor("farah"), "at": timezone.now()}
        change = request_safeguard_change(row, ground="We profile.", **by)
    page, approve = (row_url("accounts/proposedchange", change.pk, act) for act in ("change", "approve"))
    assert (approve in farah.get(page).content.decode(), approve in amina.get(page).content.decode()) == (False, True)
    words = "<del><bdi>Newsletter</bdi></del> <ins><bdi>Profiling for partners</bdi></ins>"
    act = amina.get(approve).content.decode()
    assert words in act
    assert "Consents to be given again: <strong>1</strong>" in act
    assert "We profile." in act
    assert amina.post(approve, {"reason": "review"}).status_code == 302
    with in_client(row.client_id):
        later = newsletter(cast)
        later.description_en = "Other words."
        second = request_safeguard_change(later, ground="We profile.", **{**by, "at": timezone.now()})
        decide_proposed_change(second, approve=True, actor=officer(), at=timezone.now())
    settled = amina.get(page).content.decode()
    assert words in settled
    assert "Other words." not in settled


def test_only_officers_are_offered_the_approval_of_a_recipient(sign_in, cast):
    indus, at = cast.client_id("indus"), timezone.now()
    with in_client(indus):
        row = approval(make_provider(indus, at=at, code="cloud"), at + timedelta(days=1))
        change = request_safeguard_change(row, ground="Needed.", actor=officer(), at=at)
    page, approve, decline = (
        row_url("accounts/proposedchange", change.pk, *act) for act in ((), ("approve",), ("decline",))
    )
    farah, amina = sign_in("farah"), sign_in("amina")
    assert approve in amina.get(page).content.decode()
    offered = farah.get(page).content.decode()
    assert approve not in offered
    assert decline in offered
    assert "Your role does not allow this." in farah.post(approve, {"reason": "review"}).content.decode()
    with in_client(indus):
        assert ProposedChange.objects.get().state == "waiting"
    assert amina.post(approve, {"reason": "review"}).status_code == 302
    with in_client(indus):
        assert ProposedChange.objects.get().state == "approved"


# A consent is given and withdrawn in the console, and the next decision follows it.
PERSON = "junaid"


def answer_url(cast, query=""):
    return row_url("people/subject", cast.subject_id(PERSON), "answer") + query


def given(cast, state, **changes):
    with in_client(cast.client_id("indus")):
        token = shown(cast.client_id("indus"), timezone.now())
    values = {"purpose": "newsletter", "state": state, "method": "phone", "given_by": "self", "language": "en"}
    values["evidence"] = "Call of the father to the office, 9 o'clock"
    return {**values, "shown": token, **changes}


def state_of(cast):
    with in_client(cast.client_id("indus")):
        return Consent.objects.filter(subject_id=cast.subject_id(PERSON)).values_list("state", flat=True).first()


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_consent_is_given_and_withdrawn_and_the_page_follows(name, sign_in, cast):
    browser, page = sign_in(name), row_url("people/subject", cast.subject_id(PERSON))
    assert b"consent missing" in browser.get(page).content

    assert browser.post(answer_url(cast), given(cast, "given")).status_code == 302
    assert state_of(cast) == "given"
    shown = browser.get(page).content.decode()
    assert "consent missing" in shown  # product_research still has none
    assert shown.count("consent missing") == 1
    assert ">Withdraw" in shown

    assert browser.post(answer_url(cast), given(cast, "withdrawn")).status_code == 302
    assert state_of(cast) == "withdrawn"
    assert "consent withdrawn" in browser.get(page).content.decode()


def test_the_page_of_a_consent_its_events_and_evidence_say_what_was_answered_and_who_recorded_it(sign_in, cast):
    browser = sign_in("farah")
    browser.post(answer_url(cast), given(cast, "given"))
    consent = cast.get(Consent, subject_id=cast.subject_id(PERSON))
    page = browser.get(row_url("consent/consent", consent.pk)).content.decode()
    assert "<title>Newsletter: Given |" in page
    assert "About newsletter, version 1" in page
    assert str(consent.notice_version) not in page, "no one reads the id of a version"
    browser.post(answer_url(cast), given(cast, "withdrawn", method="email"))
    with in_client(cast.client_id("indus")):
        events = list(ConsentEvent.objects.filter(subject_id=cast.subject_id(PERSON)).order_by("recorded_at"))
        entries = list(Entry.objects.filter(subject_id=cast.subject_id(PERSON), kind__startswith="consent."))
    assert [(event.state, event.method, event.actor_id) for event in events] == [
        ("given", "phone", cast.user_id("farah")),
        ("withdrawn", "email", cast.user_id("farah")),
    ]
    assert {(entry.kind, entry.actor_id) for entry in entries} == {
        ("consent.given", cast.user_id("farah")),
        ("consent.evidence_added", cast.user_id("farah")),
        ("consent.withdrawn", cast.user_id("farah")),
    }
    history = browser.get(row_url("consent/consent", consent.pk, "history")).content.decode()
    assert "farah@indus.example" in history
    assert history.index("Withdrawn") < history.index("Given")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": "support"}, "lawful basis of this purpose is not consent"),
        ({"purpose": "nothing"}, "no such active purpose"),
        ({"given_by": "guardian"}, "Choose the guardian"),
        ({"state": "withdrawn"}, "no consent in force"),
        ({"shown": "made-up"}, "The form was modified"),
        ({"evidence": ""}, "Describe the evidence"),
    ],
)
def test_what_the_service_refuses_is_said_on_the_form(changes, words, sign_in, cast):
    response = sign_in("amina").post(answer_url(cast), {**given(cast, "given"), **changes})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert state_of(cast) is None


def test_a_guardian_answers_for_a_child(sign_in, cast):
    url = row_url("people/subject", cast.subject_id("danish"), "answer")
    browser = sign_in("farah")
    assert "lms-esra" in browser.get(f"{url}?purpose=newsletter&state=given").content.decode()
    values = given(cast, "given", given_by="guardian", guardian=str(cast.subject_id("esra")))
    assert browser.post(url, values).status_code == 302
    event = cast.get(ConsentEvent, subject_id=cast.subject_id("danish"))
    assert (event.given_by, event.guardian_id) == ("guardian", cast.subject_id("esra"))


def _denied(browser, cast, reason):
    return reason in browser.get(row_url("people/subject", cast.subject_id(PERSON))).content.decode()


def test_a_restriction_is_opened_and_lifted(sign_in, cast):
    browser = sign_in("amina")
    url = row_url("people/subject", cast.subject_id(PERSON), "restrict")
    assert "This field is required" in browser.post(url, {"purpose": ""}).content.decode()
    assert browser.post(url, {"purpose": "", "reason": "subject_request"}).status_code == 302
    assert _denied(browser, cast, "processing restricted")
    restriction = cast.get(Restriction)
    lift = row_url("consent/restriction", restriction.pk, "lift")
    inform = row_url("consent/restriction", restriction.pk, "inform")
    assert browser.post(inform, {"way": "by_hand"}).status_code == 302
    assert "This field is required" in browser.post(lift, {}).content.decode()
    waiting = browser.post(lift, {"ground": "The dispute about the mark is settled."})
    assert _denied(browser, cast, "processing restricted")
    page = browser.get(waiting["Location"]).content.decode()
    assert "Data of one person, which is only stored now, may be used again." in page
    approve = waiting["Location"].replace("/change/", "/approve/")
    assert "A second person must approve it" in browser.post(approve, {"reason": "review"}).content.decode()
    assert sign_in("farah").post(approve, {"reason": "review"}).status_code == 302
    browser = sign_in("amina")
    assert not _denied(browser, cast, "processing restricted")
    history = browser.get(row_url("consent/restriction", restriction.pk, "history")).content.decode()
    assert "Request of the data subject" in history
    assert "Periodic review" in history
    assert "amina@paktaleem.example, privacy officer" in history
    assert "farah@indus.example, client administrator" in history
