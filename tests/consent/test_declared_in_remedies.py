"""Refusals about a child name the client's declared procedures and contact, in both languages."""

from datetime import timedelta

import pytest

from children.guardians.services.checks import declare_mechanism
from consent.decisions.reasons import Reason, remedy_for
from consent.register.compiled import ClientDeclarations, DeclaredProcedure
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.factories import SETTING_UP

AGE = "Birth certificates are compared at enrolment."
PAPER = "A signed form, handed in at the office."
PAPER_UR = "دستخط شدہ فارم دفتر میں جمع کرائیں۔"
HOW = {
    "age": {"description": AGE, "reference": "Handbook 4.2"},
    "consent": {"description": PAPER, "description_ur": PAPER_UR, "reference": "Handbook 4.3"},
}


@pytest.fixture
def caller(cast):
    return Caller(cast.key("indus"))


def declare(cast, kind, at, code="indus", **changed):
    with in_client(cast.client_id(code)):
        declare_mechanism(cast.client_id(code), kind=kind, **{**HOW[kind], **changed}, actor=SETTING_UP, at=at)


def told(caller, person, purpose="service_delivery"):
    found = caller.ask(person, purpose)["context"]
    return found["reason"], found.get("remedy", {})


def test_of_a_child_both_languages_say_how_the_school_does_it_and_where_to_ask(cast, caller, now):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        indus.address = "12 Mall Road,\nLahore"
        change_client(indus, actor=SETTING_UP, reason="review", at=now)
    declare(cast, "consent", now)
    reason, remedy = told(caller, "lms-danish")
    assert reason == "guardian_consent_required"
    for text in (remedy["text"], remedy["text_ur"]):
        assert "Indus Schools Network (12 Mall Road, Lahore)" in text
        assert "Handbook 4.3" in text
    assert "have the school ask one" in remedy["text"]
    assert PAPER in remedy["text"]
    assert PAPER_UR in remedy["text_ur"]
    assert PAPER not in remedy["text_ur"]
    assert AGE not in remedy["text"]


def test_the_remedy_for_an_unknown_age_says_how_ages_are_verified(cast, caller, now):
    declare(cast, "consent", now)
    declare(cast, "age", now)
    reason, remedy = told(caller, "lms-iqra")
    assert reason == "age_unknown"
    assert all(words in remedy["text"] for words in (AGE, PAPER, "Handbook 4.2", "Handbook 4.3"))
    assert all(words in remedy["text_ur"] for words in (AGE, PAPER_UR)), "what is not in Urdu is told as it is"


def test_a_new_declaration_is_in_the_next_response_of_every_route(cast, caller, now):
    assert PAPER not in told(caller, "lms-danish")[1]["text"]
    declare(cast, "consent", now)
    assert PAPER in told(caller, "lms-danish")[1]["text"]
    declare(cast, "consent", now + timedelta(minutes=1), description="By video call.")
    text = told(caller, "lms-danish")[1]["text"]
    assert "By video call." in text
    assert PAPER not in text
    standing = caller.get("/api/v1/subjects/lms-danish/standing").json()["purposes"]["service_delivery"]
    assert standing["remedy"]["text"] == text


def test_another_client_and_adults_get_no_declaration(cast, caller, now):
    declare(cast, "consent", now, code="khyber", description="At Khyber.")
    assert "Khyber" not in told(caller, "lms-danish")[1]["text"]
    declare(cast, "consent", now)
    reason, remedy = told(caller, "lms-junaid", "newsletter")
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
