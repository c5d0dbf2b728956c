"""Every method against purposes with and without outside recipients; and what evidence must not contain."""

from typing import Any

import pytest

from children.guardians.authority import CardNumberFound, check_evidence
from children.guardians.services.answers import TooWeakToShare, record_service_answer
from children.guardians.services.verifications import record_verification, verify_guardian
from children.strength import (
    CONFIRMED,
    METHODS,
    PROVIDER_METHODS,
    STAFF_METHODS,
    Method,
    Strength,
    needed_strength,
    strength_of,
)
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.children.guardians import approve_host, decision_reason, guardian_of, record_answer
from tests.factories import SETTING_UP

WEAK = {Method.EMAIL_PLUS, Method.TEXT_PLUS}
TOO_WEAK_TO_SHARE = WEAK | {Method.SCHOOL_ATTESTED}
PURPOSES = ("service_delivery", "payment_billing", "support", "security_integrity")
"""Purposes based on contract and on legitimate interest, as processor and as controller."""


def test_every_method_has_a_strength_and_an_operator():
    assert set(METHODS) == set(Method) == STAFF_METHODS | PROVIDER_METHODS | WEAK
    too_weak = {one for one in Method if strength_of(one) < needed_strength(reaches_outside=True)}
    assert too_weak == TOO_WEAK_TO_SHARE
    assert CONFIRMED[Method.SCHOOL_ATTESTED] >= needed_strength(reaches_outside=True)
    assert all(strength_of(one) >= needed_strength(reaches_outside=False) for one in Method)
    assert strength_of("a glance") == Strength.NONE < needed_strength(reaches_outside=False)


@pytest.mark.parametrize("method", Method)
def test_a_method_opens_what_it_is_strong_enough_for(cast, now, method):
    """First for internal use of every purpose, then with an approved recipient for each, and for sharing."""
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = guardian_of(danish, esra, at=now)
        record_verification(row, method=method, kept={}, actor=SETTING_UP, reason="review", at=now)
        strong = method not in TOO_WEAK_TO_SHARE
        record_answer(danish, esra, "given", shares=True if strong else None, at=now)
        inside = {one: decision_reason(cast, "lms-danish", now, purpose=one) for one in PURPOSES}
        assert set(inside.values()) == {"permitted"}
        approve_host(cast.client_id("indus"), "payment_billing")
        expected = "permitted" if strong else "guardian_consent_required"
        assert decision_reason(cast, "lms-danish", now, purpose="payment_billing") == expected
        shared: dict[str, Any] = {"purpose": "payment_billing", "action": "share", "recipient": "host"}
        assert decision_reason(cast, "lms-danish", now, **shared) == expected
        assert decision_reason(cast, "lms-danish", now, purpose="support") == "permitted"
        if not strong:
            with pytest.raises(TooWeakToShare):
                record_answer(danish, esra, "given", shares=True, at=now)


@pytest.mark.parametrize(
    "text",
    [
        "CNIC 42101-1234567-1 seen",
        "CNIC 4210112345671",
        "card 4111 1111 1111 1111",
        "card 4111-1111-1111-1111 checked",
        "کارڈ ۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱",
    ],
)
def test_evidence_holds_no_number_of_an_identity_card_or_a_payment_card(cast, now, text):
    with pytest.raises(CardNumberFound):
        check_evidence(text)
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = guardian_of(danish, esra, at=now)
        with pytest.raises(CardNumberFound):
            verify_guardian(row, method="in_person", evidence=text, actor=SETTING_UP, at=now)
        told = {"decision": "refused", "route": "paper", "evidence": text, "actor": SETTING_UP, "at": now}
        with pytest.raises(CardNumberFound):
            record_service_answer(danish, guardian=esra, **told)


@pytest.mark.parametrize(
    "text", ["Binder 7, page 12", "Form 2026-10-01/417", "Seen by the registrar, 1 October 2026 09:30", ""]
)
def test_a_reference_is_kept(text):
    assert check_evidence(f" {text} ") == text


def test_the_api_says_why_a_number_is_refused(cast, now):
    with in_client(cast.client_id("indus")):
        guardian_of(cast.subject("danish"), cast.subject("esra"), at=now)
    body = {
        "guardian": "lms-esra",
        "decision": "given",
        "verification": "in_person",
        "evidence": "CNIC 42101-1234567-1",
    }
    refused = Caller(cast.key("indus")).post("/api/v1/subjects/lms-danish/guardian-authorisations", body)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (400, "number-not-kept")
    assert "42101" not in refused.content.decode()
