"""Answers of guardians about the service, and attempts by children and strangers to give them."""

import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from children.guardians.authority import (
    CONFIRMED,
    METHODS,
    PROVIDER_METHODS,
    STAFF_METHODS,
    CardNumberFound,
    EvidenceRequired,
    Method,
    Strength,
    check_evidence,
    needed_strength,
    strength_of,
)
from children.guardians.models import GuardianChange, GuardianConflict, Guardianship, ServiceAuthorisation
from children.guardians.selectors import GuardianshipUnknown, load_child_facts
from children.guardians.services.answers import (
    AnswerBeforeNotice,
    AnswerInFuture,
    AnswerOutdated,
    AnswerUndated,
    ChildMayNotAuthorise,
    NoAuthority,
    NoConsentGiven,
    TooWeakToShare,
    record_service_answer,
)
from children.guardians.services.guardians import end_guardian
from children.guardians.services.verifications import record_verification, verify_guardian
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import EvaluationRequest, decide_with_key
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.models import RecipientNotice
from tests.api.callers import Caller
from tests.cast import refused_to
from tests.children.guardians import (
    approve_host,
    changed,
    decision_reason,
    ended,
    guardian_of,
    make_guardian,
    record_answer,
    verified_guardian,
)
from tests.consent.making import shown
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory, make_system
from tests.rights.cases import DAY

MINUTE = timedelta(minutes=1)


def state_of(child, at):
    return load_child_facts(child).standing(at).state


def test_a_verified_guardian_gives_and_withdraws(cast, danish, esra, now):
    verified_guardian(danish, esra, at=now)
    given = record_answer(danish, esra, "given", shares=True, at=now)
    assert (state_of(danish, now), load_child_facts(danish).standing(now).may_share) == ("given", True)
    column = "guardians_serviceauthorisation.evidence_reference"
    assert sealer_of(danish).open(given.evidence_reference, column=column).startswith("Letter")
    record_answer(danish, esra, "withdrawn", evidence="", at=now + MINUTE)
    assert state_of(danish, now + MINUTE) == "withdrawn"
    assert load_child_facts(danish, past=now).standing(now).state == "given"
    kinds = Entry.objects.filter(kind__in=["guardian.given", "guardian.withdrawn"]).order_by("recorded_at")
    assert list(kinds.values_list("kind", flat=True)) == ["guardian.given", "guardian.withdrawn"]
    how: Any = {"guardian": esra, "decision": "refused", "route": "phone"}
    refused_to("bilal sana celia", lambda name: record_service_answer(danish, **how, actor=cast.actor(name), at=now))


def test_answers_with_the_same_time_are_kept_in_their_order(danish, esra, now):
    verified_guardian(danish, esra, at=now)
    first, second = record_answer(danish, esra, "given", at=now), record_answer(danish, esra, "refused", at=now)
    assert first.recorded_at == now < second.recorded_at


def test_a_consent_needs_authority(danish, esra, now):
    with pytest.raises(GuardianshipUnknown):
        record_answer(danish, esra, "given", at=now)
    guardian_of(danish, esra, at=now)
    with pytest.raises(NoAuthority):
        record_answer(danish, esra, "given", at=now)
    record_answer(danish, esra, "refused", at=now)


def test_an_ex_guardian_and_the_guardian_of_another_child_say_nothing(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    with pytest.raises(GuardianshipUnknown):
        record_answer(cast.subject("iqra"), esra, "given", at=now)
    end_guardian(row, actor=SETTING_UP, at=now + MINUTE)
    for word in ("given", "refused"):
        with pytest.raises(GuardianshipUnknown):
            record_answer(danish, esra, word, at=now + MINUTE)


def test_a_child_can_refuse_and_never_consent(cast, danish, esra, now):
    verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    own = person_actor(danish.pk, danish.client_id, acts_for=danish.pk)
    by = {"route": "portal", "actor": own, "at": now + MINUTE}
    for guardian in (None, danish):
        with pytest.raises(ChildMayNotAuthorise):
            record_service_answer(danish, guardian=guardian, decision="given", **by)
    with pytest.raises(NotAllowed):
        record_service_answer(danish, guardian=esra, decision="given", **by)
    record_service_answer(danish, guardian=None, decision="withdrawn", **by)
    assert state_of(danish, now + MINUTE) == "withdrawn"
    record_answer(danish, esra, "given", at=now + 2 * MINUTE)
    assert state_of(danish, now + 2 * MINUTE) == "given"


def test_a_guardian_on_their_own_page_answers_for_themselves_and_this_child_alone(cast, indus, danish, esra, now):
    omar = make_guardian(indus, "omar", at=now)
    verified_guardian(danish, esra, at=now)
    verified_guardian(danish, omar, at=now)
    hers = person_actor(esra.pk, danish.client_id, acts_for=danish.pk)
    record_service_answer(danish, guardian=esra, decision="given", route="portal", actor=hers, at=now)
    for child, guardian in ((danish, omar), (cast.subject("iqra"), esra), (danish, None)):
        with pytest.raises(NotAllowed):
            record_service_answer(child, guardian=guardian, decision="refused", route="portal", actor=hers, at=now)


def test_a_consent_reported_from_elsewhere_needs_evidence_and_a_refusal_needs_none(danish, esra, now):
    verified_guardian(danish, esra, at=now)
    for empty in (" ", "x"):
        with pytest.raises(EvidenceRequired):
            record_answer(danish, esra, "given", evidence=empty, at=now)
    form = io.BytesIO(b"%PDF-1.7\nsigned\n%%EOF")
    assert record_answer(danish, esra, "given", evidence="", file=form, route="paper", at=now).file is not None
    record_answer(danish, esra, "refused", evidence="", at=now)


def test_what_is_not_there_is_not_withdrawn_nor_claimed_from_the_future(danish, esra, now):
    verified_guardian(danish, esra, at=now)
    with pytest.raises(NoConsentGiven):
        record_answer(danish, esra, "withdrawn", at=now)
    with pytest.raises(AnswerInFuture):
        record_answer(danish, esra, "given", claimed_at=now + MINUTE, at=now)


def test_an_erased_guardian_has_lapsed_and_of_an_erased_child_nothing_is_recorded(cast, danish, esra, now):
    verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    erase_subject(esra, actor=cast.actor("amina"), reason="subject_request", at=now + MINUTE)
    assert state_of(danish, now + MINUTE) == "lapsed"
    erase_subject(danish, actor=cast.actor("amina"), reason="subject_request", at=now + MINUTE)
    with pytest.raises(AlreadyErased):
        record_answer(danish, esra, "refused", at=now + MINUTE)


def test_the_database_refuses_a_consent_without_a_giver_and_a_guardian_of_another_child(cast, danish, esra, now):
    verified_guardian(danish, esra, at=now)
    given = record_answer(danish, esra, "given", at=now)
    columns = {field.attname: getattr(given, field.attname) for field in ServiceAuthorisation._meta.concrete_fields}
    for wrong in (
        {"guardian_id": None, "guardianship_id": None},
        {"child_id": cast.subject_id("iqra")},
        {"guardian_id": cast.subject_id("junaid")},
        {"verification_id": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ServiceAuthorisation(**{**columns, "id": None, **wrong}).save(force_insert=True)


@pytest.mark.parametrize("no", ["refused", "withdrawn"])
def test_an_older_form_does_not_override_a_guardians_refusal(danish, esra, now, no):
    verified_guardian(danish, esra, at=now - MINUTE)
    record_answer(danish, esra, "given", at=now - MINUTE)
    record_answer(danish, esra, no, at=now)
    later = {"route": "paper", "at": now + 2 * MINUTE}
    with pytest.raises(AnswerUndated):
        record_answer(danish, esra, "given", claimed_at=None, **later)
    for older in (datetime(2020, 1, 1, tzinfo=UTC), now):
        with pytest.raises(AnswerOutdated):
            record_answer(danish, esra, "given", claimed_at=older, **later)
    assert state_of(danish, now + 2 * MINUTE) == no
    record_answer(danish, esra, "given", claimed_at=now + MINUTE, **later)
    assert state_of(danish, now + 2 * MINUTE) == "given"


def test_an_older_form_does_not_override_a_refusal_of_the_child_or_of_recipients(danish, esra, now):
    verified_guardian(danish, esra, at=now - MINUTE)
    record_answer(danish, esra, "given", shares=False, at=now)
    with pytest.raises(AnswerOutdated):
        record_answer(danish, esra, "given", shares=True, claimed_at=now - MINUTE, at=now + MINUTE)
    record_answer(danish, esra, "given", claimed_at=None, at=now + MINUTE)
    record_answer(danish, None, "refused", at=now + 2 * MINUTE)
    with pytest.raises(AnswerOutdated):
        record_answer(danish, esra, "given", claimed_at=now + MINUTE, at=now + 3 * MINUTE)
    assert state_of(danish, now + 3 * MINUTE) == "refused"


def test_a_first_consent_is_not_older_than_the_first_notice(danish, esra, now):
    verified_guardian(danish, esra, at=now)
    for older in (datetime(1990, 1, 1, tzinfo=UTC), CAST_AT - MINUTE):
        with pytest.raises(AnswerBeforeNotice):
            record_answer(danish, esra, "given", claimed_at=older, at=now)
    assert state_of(danish, now) is None
    record_answer(danish, esra, "given", claimed_at=CAST_AT, at=now)
    record_answer(danish, esra, "refused", claimed_at=datetime(1990, 1, 1, tzinfo=UTC), at=now)
    assert state_of(danish, now + MINUTE) == "refused", "a refusal needs no notice"


def test_a_first_consent_is_not_older_than_the_child(indus, esra, now):
    born = (now - timedelta(days=1)).date()
    baby = SubjectFactory(client=indus, external_id="lms-baby", birth_date=born, at=now)
    verified_guardian(baby, esra, at=now)
    with pytest.raises(AnswerBeforeNotice):
        record_answer(baby, esra, "given", claimed_at=now - timedelta(days=3), at=now)
    record_answer(baby, esra, "given", claimed_at=now, at=now)


@pytest.fixture
def both(cast, now):
    """Danish, whose verified mother and father have consented to the service."""
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        omar = make_guardian(cast.client("indus"), "omar", at=now)
        claim_guardian(danish, guardian=omar, relationship="parent", actor=SETTING_UP, at=now)
        for parent in (esra, omar):
            verified_guardian(danish, parent, at=now)
            record_answer(danish, parent, "given", at=now)
    return {"esra": esra, "omar": omar}


def say(cast, guardian, state, at):
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        token = shown(danish.client_id, at) if state == "given" else None
        told = {"given_by": GivenBy.GUARDIAN, "guardian": guardian, "actor": SETTING_UP, "at": at}
        record_answers(danish, answers=[Answer("newsletter", ConsentState(state))], shown=token, **told)


def reason(cast, at, now=None):
    asked = EvaluationRequest("lms-danish", partial(Question, purpose="newsletter"), at)
    return str(decide_with_key(cast.key("indus"), asked, arrived_at=now or at).reason)


def test_one_guardians_refusal_overrides_the_others_consent_until_they_agree(cast, now, both):
    say(cast, both["esra"], "given", now)
    assert reason(cast, now) == "permitted"
    say(cast, both["omar"], "refused", now + MINUTE)
    assert reason(cast, now + MINUTE) == "consent_refused"
    say(cast, both["esra"], "given", now + 2 * MINUTE)
    assert reason(cast, now + 2 * MINUTE) == "consent_refused"
    assert cast.get(GuardianConflict, closed_at=None).purpose_code == "newsletter"
    say(cast, both["omar"], "given", now + 3 * MINUTE)
    assert reason(cast, now + 3 * MINUTE) == "permitted"
    assert reason(cast, now + 2 * MINUTE, now=now + 3 * MINUTE) == "consent_refused"
    assert not cast.has(GuardianConflict, closed_at=None)


def test_ending_the_one_who_said_no_to_a_purpose_waits_for_a_second_person(cast, now, both):
    say(cast, both["omar"], "refused", now)
    with in_client(cast.client_id("indus")):
        row = Guardianship.objects.get(guardian=both["omar"])
        assert isinstance(ended(cast, row, now + MINUTE), GuardianChange)


def test_the_consent_of_a_guardian_without_authority_no_longer_counts(cast, now, both):
    say(cast, both["esra"], "given", now)
    with in_client(cast.client_id("indus")):
        row = Guardianship.objects.get(guardian=both["esra"])
        changed(cast, row, now + MINUTE, court_order=True)
        assert Consent.objects.get().state == "given"
    assert reason(cast, now + MINUTE) == "consent_not_by_guardian"
    assert reason(cast, now, now=now + MINUTE) == "permitted"


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
def test_a_method_opens_what_it_is_strong_enough_for(cast, danish, esra, now, method):
    row = guardian_of(danish, esra, at=now)
    record_verification(row, method=method, kept={}, actor=SETTING_UP, reason="review", at=now)
    strong = method not in TOO_WEAK_TO_SHARE
    record_answer(danish, esra, "given", shares=True if strong else None, at=now)
    found = load_child_facts(danish).standing(now)
    assert (found.state, found.strength, found.may_share) == ("given", METHODS[method], strong)
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
def test_evidence_holds_no_number_of_an_identity_card_or_a_payment_card(cast, danish, esra, now, text):
    with pytest.raises(CardNumberFound):
        check_evidence(text)
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
    assert "42101" not in refused.text


@pytest.fixture
def child(cast, indus, now):
    """Return Danish, for whom Esra has authorised the service."""
    danish, esra = cast.subject("danish"), cast.subject("esra")
    verified_guardian(danish, esra, at=now - 4 * DAY)
    record_answer(danish, esra, "given", at=now - 3 * DAY)
    make_system(indus, "analytics", ["usage_logs"])
    return danish


def list_orders():
    return sorted(Order.objects.order_by().values_list("kind", "ground", "parent_kind").distinct())


def test_every_system_is_ordered_to_stop_and_after_a_new_authorisation_to_go_on(cast, child, now):
    assert list_orders() == []
    record_answer(child, cast.subject("esra"), "withdrawn", at=now)
    stop = ("restrict", "consent_ended", "service_answer")
    assert (list_orders(), {one.due_at for one in Order.objects.all()}) == ([stop], {now + 3 * DAY})
    assert Order.objects.filter(system__code="analytics").exists()
    record_answer(child, cast.subject("esra"), "given", at=now + DAY)
    assert list_orders() == [("lift_restriction", "right_of_the_person", "service_answer"), stop]


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_every_system_is_ordered_to_stop_when_the_child_refuses(child, now, answer):
    record_answer(child, None, answer, at=now)
    assert list_orders() == [("restrict", "consent_ended", "service_answer")]


def test_recipients_of_the_data_of_the_child_are_to_be_informed(cast, indus, child, now):
    approve_host(indus.pk, "service_delivery")
    record_answer(child, cast.subject("esra"), "withdrawn", at=now)
    assert [one.outcome for one in RecipientNotice.objects.filter(subject=child, request=None)] == [""]


@pytest.mark.parametrize(("purpose", "number"), [("newsletter", 1), ("product_research", 0)])
def test_recipients_for_a_purpose_are_to_be_informed_of_the_withdrawal_of_its_consent(
    cast, indus, now, purpose, number
):
    approve_host(indus.pk, purpose)
    hamza: Any = cast.subject("hamza")
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    record_answers(hamza, answers=answers, shown=shown(indus.pk, now), actor=SETTING_UP, at=now)
    withdraw_consent(hamza, purpose="newsletter", actor=SETTING_UP, at=now + DAY)
    assert ConsentEvent.objects.filter(state="withdrawn").exists()
    assert RecipientNotice.objects.filter(subject=hamza).count() == number


def test_no_system_is_ordered_to_stop_for_a_person_who_decides_alone(cast, indus, now):
    birthday, esra = now - 2 * DAY, cast.subject("esra")
    born = birthday.date().replace(year=birthday.year - indus.thresholds.of(""))
    zara = SubjectFactory(client=indus, external_id="lms-zara", birth_date=born, at=now - 4 * DAY)
    make_system(indus, "analytics", ["usage_logs"])
    verified_guardian(zara, esra, at=now - 4 * DAY)
    record_answer(zara, esra, "given", at=now - 3 * DAY)
    record_answer(zara, esra, "withdrawn", at=now)
    assert list_orders() == []
