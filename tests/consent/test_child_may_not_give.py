"""A child's own consent is refused by every route, and refusals name the client's procedures."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from children.guardians.services.checks import declare_mechanism
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.services.consent_basis import ChildMayNotGive, UnknownAgeMayNotGive
from consent.consents.services.recording import withdraw_consent
from consent.decisions.reasons import Reason, remedy_for
from consent.register.compiled import ClientDeclarations, DeclaredProcedure
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import decision_reason, record_answer, verified_guardian
from tests.consent.making import give, shown
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.signing_in import browser_of

GIVEN, REFUSED, DEFERRED = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.DEFERRED
SECOND = timedelta(seconds=1)


def say(cast, at, state=GIVEN, person="danish", **how):
    return give(cast.subject(person), at, state=state, actor=cast.actor("farah"), **how)


def by_guardian(cast):
    return {"given_by": GivenBy.GUARDIAN, "guardian": cast.subject("esra")}


def state_now(cast):
    return Consent.objects.get(subject=cast.subject_id("danish")).state


def recorded(cast):
    with in_client(cast.client_id("indus")):
        return ConsentEvent.objects.count()


@pytest.mark.parametrize(("person", "hint"), [("lms-danish", "guardian"), ("lms-iqra", "age")])
def test_the_api_refuses_it_and_names_who_can_give(cast, indus_lms, person, hint):
    for response in (
        indus_lms.consent(person, "newsletter"),
        indus_lms.consent(person, "newsletter", by={"kind": "self"}, method="email"),
    ):
        problem = response.json()
        assert (response.status_code, problem["type"]) == (409, "urn:paktaleem:problem:guardian-must-give")
        assert hint in problem["detail"]
        assert [one["pointer"] for one in problem["errors"]] == ["#/by"]
    assert recorded(cast) == 0


def test_of_several_answers_none_is_recorded(cast, indus_lms):
    answers = [{"purpose": "newsletter", "state": "refused"}, {"purpose": "product_research", "state": "given"}]
    for answer in answers:
        answer["shown"] = indus_lms.shown(answer["purpose"])
    response = indus_lms.post("/api/v1/consents", {"subject": "lms-danish", "answers": answers})
    assert (response.status_code, recorded(cast)) == (409, 0)


def test_the_console_refuses_it_and_says_who_gives(cast):
    url = row_url("people/subject", cast.subject_id("danish"), "answer")
    browser = browser_of(cast.user("farah"))
    with in_client(cast.client_id("indus")):
        token = shown(cast.client_id("indus"), timezone.now())
    form = {"purpose": "newsletter", "state": "given", "method": "lms", "given_by": "self", "language": "en"}
    page = browser.post(url, {**form, "evidence": "", "shown": token})
    assert page.status_code == 200
    assert "a guardian gives consent" in page.content.decode()
    assert recorded(cast) == 0


@pytest.mark.parametrize("method", ["lms", "paper", "phone", "email", "import", "console", "web"])
@pytest.mark.parametrize("given_by", [GivenBy.SELF, GivenBy.STAFF, GivenBy.ORGANISATION])
def test_by_every_method_only_a_guardian_consents_for_a_child(cast, now, method, given_by):
    with in_client(cast.client_id("indus")):
        with pytest.raises(ChildMayNotGive):
            say(cast, now, method=method, given_by=given_by)
        with pytest.raises(UnknownAgeMayNotGive):
            say(cast, now, person="iqra", method=method, given_by=given_by)
        assert ConsentEvent.objects.count() == 0


def test_a_guardians_consent_ends_by_an_answer_of_the_child_only_if_it_is_a_refusal(cast, now):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now)
        say(cast, now, **by_guardian(cast))
        with pytest.raises(ChildMayNotGive):
            say(cast, now + SECOND)
        say(cast, now + 2 * SECOND, DEFERRED)
        say(cast, now + 3 * SECOND, ConsentState.REQUESTED)
    assert decision_reason(cast, "lms-danish", now + 4 * SECOND, purpose="newsletter") == "permitted"
    with in_client(cast.client_id("indus")):
        withdraw_consent(cast.subject("danish"), purpose="newsletter", actor=SETTING_UP, at=now + 5 * SECOND)
    assert decision_reason(cast, "lms-danish", now + 6 * SECOND, purpose="newsletter") == "consent_withdrawn"


@pytest.mark.parametrize("state", [DEFERRED, ConsentState.REQUESTED])
def test_what_a_child_sends_ends_no_guardians_no(cast, now, state):
    with in_client(cast.client_id("indus")):
        say(cast, now, REFUSED, **by_guardian(cast))
        say(cast, now + SECOND, state)
        assert state_now(cast) == "refused"
        say(cast, now + 2 * SECOND, **by_guardian(cast))
        withdraw_consent(cast.subject("danish"), purpose="newsletter", **by_guardian(cast), actor=SETTING_UP, at=now)
        say(cast, now + 3 * SECOND, state)
        assert state_now(cast) == "withdrawn"


@pytest.fixture
def once_recorded(cast, now, monkeypatch):
    """Danish's own yes, as it was recorded before it was refused."""
    with in_client(cast.client_id("indus")), monkeypatch.context() as before:
        before.setattr("consent.consents.services.recording.check_giver", lambda *_, **_given: False)
        return say(cast, now - timedelta(days=1))


def test_the_api_shows_what_was_recorded_before_as_without_effect(cast, indus_lms, once_recorded):
    found = indus_lms.get("/api/v1/subjects/lms-danish/consents").json()
    assert [(one["state"], one["without_effect"]) for one in found["consents"]] == [("given", True)]
    assert [(one["state"], one["without_effect"]) for one in found["history"]] == [("given", True)]
    assert indus_lms.consent("lms-hamza", "newsletter").status_code == 201
    found = indus_lms.get("/api/v1/subjects/lms-hamza/consents").json()
    assert [one["without_effect"] for one in found["consents"] + found["history"]] == [False, False]


def test_the_timeline_shows_it_as_without_effect(cast, once_recorded):
    page = browser_of(cast.user("farah")).get(f"/admin/people/subject/{cast.subject_id('danish')}/timeline/")
    assert page.content.decode().count("Without effect") == 2


PAGES_OF_THE_CONSOLE = {
    "list of consents": lambda _: "/admin/consent/consent/",
    "a consent": lambda event: row_url("consent/consent", Consent.objects.get(subject=event.subject_id).pk),
    "its history": lambda event: f"/admin/consent/consent/{Consent.objects.get(subject=event.subject_id).pk}/history/",
    "list of answers": lambda _: "/admin/consent/consentevent/",
    "an answer": lambda event: row_url("consent/consentevent", event.pk),
    "the person": lambda event: row_url("people/subject", event.subject_id),
}


@pytest.mark.parametrize("page", PAGES_OF_THE_CONSOLE)
def test_the_console_shows_it_as_without_effect(cast, once_recorded, page):
    with in_client(cast.client_id("indus")):
        address = PAGES_OF_THE_CONSOLE[page](once_recorded)
    assert "Without effect" in browser_of(cast.user("farah")).get(address).content.decode()


def test_its_receipts_say_that_it_is_without_effect(cast, indus_lms, once_recorded):
    record = indus_lms.get(f"/api/v1/consents/{once_recorded.pk}/receipt").json()["dpv:hasRecordOfActivity"][0]
    [status] = record["dpv:hasConsentStatus"]
    assert status["@type"] == ["dpv:ConsentStatusInvalidForProcessing", "dpv:ExpressedConsent"]
    assert "guardian" in json.dumps(status["dpv:hasJustification"])
    printed = browser_of(cast.user("farah")).get(row_url("consent/consentevent", once_recorded.pk, "receipt"))
    assert "Without effect" in printed.content.decode()


AGE = "Birth certificates are compared at enrolment."
PAPER = "A signed form, handed in at the office."
PAPER_UR = "دستخط شدہ فارم دفتر میں جمع کرائیں۔"
HOW = {
    "age": {"description": AGE, "reference": "Handbook 4.2"},
    "consent": {"description": PAPER, "description_ur": PAPER_UR, "reference": "Handbook 4.3"},
}


def declare(cast, kind, at, code="indus", **changed):
    with in_client(cast.client_id(code)):
        declare_mechanism(cast.client_id(code), kind=kind, **{**HOW[kind], **changed}, actor=SETTING_UP, at=at)


def told(caller, person, purpose="service_delivery"):
    found = caller.ask(person, purpose)["context"]
    return found["reason"], found.get("remedy", {})


def test_of_a_child_both_languages_say_how_the_school_does_it_and_where_to_ask(cast, indus_lms, now):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        client.address = "12 Mall Road,\nLahore"
        change_client(client, actor=SETTING_UP, reason="review", at=now)
    declare(cast, "consent", now)
    reason, remedy = told(indus_lms, "lms-danish")
    assert reason == "guardian_consent_required"
    for text in (remedy["text"], remedy["text_ur"]):
        assert "Indus Schools Network (12 Mall Road, Lahore)" in text
        assert "Handbook 4.3" in text
    assert "have the school ask one" in remedy["text"]
    assert PAPER in remedy["text"]
    assert PAPER_UR in remedy["text_ur"]
    assert PAPER not in remedy["text_ur"]
    assert AGE not in remedy["text"]


def test_the_remedy_for_an_unknown_age_says_how_ages_are_verified(cast, indus_lms, now):
    declare(cast, "consent", now)
    declare(cast, "age", now)
    reason, remedy = told(indus_lms, "lms-iqra")
    assert reason == "age_unknown"
    assert all(words in remedy["text"] for words in (AGE, PAPER, "Handbook 4.2", "Handbook 4.3"))
    assert all(words in remedy["text_ur"] for words in (AGE, PAPER_UR)), "a text without Urdu stays English"


def test_a_new_declaration_is_in_the_next_response_of_every_route(cast, indus_lms, now):
    assert PAPER not in told(indus_lms, "lms-danish")[1]["text"]
    declare(cast, "consent", now)
    assert PAPER in told(indus_lms, "lms-danish")[1]["text"]
    declare(cast, "consent", now + timedelta(minutes=1), description="By video call.")
    text = told(indus_lms, "lms-danish")[1]["text"]
    assert "By video call." in text
    assert PAPER not in text
    standing = indus_lms.get("/api/v1/subjects/lms-danish/standing").json()["purposes"]["service_delivery"]
    assert standing["remedy"]["text"] == text


def test_another_client_and_adults_get_no_declaration(cast, indus_lms, now):
    declare(cast, "consent", now, code="khyber", description="At Khyber.")
    assert "Khyber" not in told(indus_lms, "lms-danish")[1]["text"]
    declare(cast, "consent", now)
    reason, remedy = told(indus_lms, "lms-junaid", "newsletter")
    assert reason == "consent_missing"
    assert "text_ur" not in remedy
    assert PAPER not in remedy["text"]


@pytest.mark.parametrize("reason", list(Reason))
def test_only_what_a_guardian_or_an_age_would_help_goes_on_with_the_declaration(reason):
    rules = tuple(DeclaredProcedure(kind, f"HOW-{kind}", "", "REF") for kind in ("age", "consent"))
    declared = ClientDeclarations("Indus", "", rules)
    plain, remedy = (remedy_for(reason, is_child=True, declared=one) for one in (None, declared))
    about_children = reason in {"age_unknown", "consent_not_by_guardian"} or "guardian" in str(plain)
    if plain is None or remedy is None or not about_children:
        assert plain == remedy
        return
    assert plain.sentence_ur
    assert remedy.sentence.startswith(plain.sentence)
    assert remedy.sentence_ur.startswith(plain.sentence_ur)
    assert "HOW-consent" in remedy.sentence_ur
    assert ("HOW-age" in remedy.sentence) == (reason == "age_unknown")


@pytest.fixture
def given(cast, now):
    with in_client(cast.client_id("indus")):
        say(cast, now, **by_guardian(cast))
        yield Consent.objects.get(subject=cast.subject_id("danish"))


def test_a_later_answer_by_staff_names_no_guardian(cast, given, now):
    assert (given.state, given.guardian_id) == ("given", cast.subject_id("esra"))
    how = {"given_by": GivenBy.STAFF, "method": Method.PHONE, "actor": cast.actor("farah"), "at": now}
    withdraw_consent(cast.subject("danish"), purpose="newsletter", **how)
    after = Consent.objects.get(pk=given.pk)
    assert (after.state, after.given_by, after.guardian_id) == ("withdrawn", "staff", None)


@pytest.mark.parametrize("who", ["", "kiran"], ids=["no-guardian", "another-clients"])
def test_the_database_refuses_a_guardian_who_is_none(cast, given, who):
    guardian = cast.subject_id(who) if who else None
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=given.pk).update(guardian=guardian)
