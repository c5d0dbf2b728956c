"""A consent is given and withdrawn in the console, and the next decision follows it."""

import pytest
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, Restriction
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import shown
from tests.console.pages import row_url

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
