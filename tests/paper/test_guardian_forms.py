"""Forms that guardians sign: the guardian is verified by the form, and each answer counts as the guardian's."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from children.guardians.models import GuardianConflict, Guardianship, ServiceAuthorisation, Verification
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import change_guardian, end_guardian
from children.guardians.services.verifications import mark_verification_false
from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import ConsentEvent, ConsentEvidence, GivenBy
from consent.consents.services.consent_basis import open_evidence
from consent.consents.services.recording import withdraw_consent
from consent.paper.models import FormPage, PaperAnswer
from consent.paper.selectors import select_unreachable
from consent.paper.services.answers import AnswersRefused, confirm_answer
from consent.paper.services.forms import print_form
from consent.register.models.purposes import Purpose
from consent.register.services import widen_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress, erase_subject, start_erasure
from paktaleem.directory.people.services.people import claim_guardian, end_other_claims
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from tests.children.guardians import approve_host, decision_reason, guardian_of, make_guardian, verified_guardian
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.paper.typing_in import BOTH, enter, form_for, guardians_form, page_of, signed

MADE = datetime(2026, 9, 20, 9, tzinfo=UTC)
SIGNED = datetime(2026, 9, 29, 19, tzinfo=UTC)
"""The start of 30 September in Karachi."""
ADDRESS = "portal.example/guardian/indus/"


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def run(cast, danish):
    return guardians_form(cast, [danish, cast.subject("iqra")], MADE)


@pytest.fixture
def page(run, danish):
    return page_of(run, danish)


@pytest.fixture
def father(indus, danish):
    found = make_guardian(indus, "faisal", at=MADE - timedelta(days=9))
    verified_guardian(danish, found, at=MADE - timedelta(days=8))
    return found


def confirm(cast, now, typed, **changed):
    """Enter and confirm one answer; return it and the codes left out."""
    scan = changed.pop("scan", None)
    [answer] = enter(cast, now, typed, **changed)
    left_out = confirm_answer(answer, scan=scan, actor=cast.actor("farah"), at=now)
    answer.refresh_from_db()
    return answer, list(left_out)


def reasons(cast, now, *purposes, person="lms-danish", **question):
    """Return the reasons of decisions a minute later."""
    at = now + timedelta(minutes=1)
    return [decision_reason(cast, person, at, purpose=one, **question) for one in purposes]


def answer_service(danish, guardian, decision, at):
    given = {"route": "school", "evidence": "Letter in folder 12", "actor": SETTING_UP, "at": at}
    return record_service_answer(danish, guardian=guardian, decision=decision, **given)


def test_each_answer_on_paper_takes_effect_for_its_purpose(cast, now, page, esra):
    assert reasons(cast, now, "service_delivery", "newsletter") == ["guardian_consent_required"] * 2
    confirm(cast, now, signed(page, esra, "yes", "yes", "no"))
    found = reasons(cast, now, "service_delivery", "newsletter", "product_research")
    assert found == ["permitted", "permitted", "consent_refused"]


def test_the_form_verifies_the_guardian_and_is_evidence_of_every_answer(cast, now, *, page, danish, esra, farah):
    row, _ = confirm(cast, now, signed(page, esra, "yes", "yes", "no"), note="Folder 3 A")
    guardianship = Guardianship.objects.get(child=danish, guardian=esra)
    assert (guardianship.source, guardianship.relationship) == ("roster", "parent")
    proof = Verification.objects.get(guardianship=guardianship)
    assert (proof.method, proof.strength, proof.verified_at) == ("signed_form", 3, now)
    where = sealer_of(danish).open(proof.evidence_reference, column="guardians_verification.evidence_reference")
    assert where == f"Form “Grade 3 A”, page {page.reference}: Folder 3 A"
    answer = ServiceAuthorisation.objects.get(child=danish)
    assert (answer.decision, answer.route) == ("given", "paper")
    assert (answer.guardian_id, answer.verification_id) == (esra.pk, proof.pk)
    assert (answer.claimed_at, answer.recorded_at, answer.actor_id) == (SIGNED, now, farah.id)
    assert answer.shown_hash == page.notice_hash != ""
    assert row.authorisation_id == answer.pk
    events = {event.purpose.code: event for event in ConsentEvent.objects.all()}
    states = {name: event.state for name, event in events.items()}
    assert states == {"newsletter": "given", "product_research": "refused"}
    for event in events.values():
        assert (event.given_by, event.guardian_id, event.method) == ("guardian", esra.pk, "paper")
        evidence = ConsentEvidence.objects.get(event=event)
        assert open_evidence(evidence, actor=farah, reason=Reason.REVIEW, at=now) == where
    facts = json.loads(Entry.objects.get(kind="answer.confirmed").body)["facts"]
    assert facts["authorisation"] == str(answer.pk)
    assert set(facts["events"]) == {str(event.pk) for event in events.values()}


def test_a_scan_is_stored_with_the_verification_and_with_each_answer(cast, now, page, esra):
    confirm(cast, now, signed(page, esra, "yes", "yes", "no"), scan=io.BytesIO(b"%PDF-1.7 signed"))
    assert Verification.objects.get().file is not None
    assert ServiceAuthorisation.objects.get().file is not None
    assert ConsentEvidence.objects.filter(file__isnull=False).count() == 2


def test_refusing_outside_recipients_does_not_refuse_the_platform(cast, now, indus, danish, esra):
    approve_host(indus.pk, "payment_billing")
    page = page_of(guardians_form(cast, [danish], MADE), danish)
    share = {"action": "share", "recipient": "host"}
    confirm(cast, now, signed(page, esra, "yes", sharing="no"))
    assert reasons(cast, now, "payment_billing") == ["permitted"]
    assert reasons(cast, now, "payment_billing", **share) == ["guardian_consent_required"]
    later = now + timedelta(hours=1)
    with pytest.raises(AnswersRefused, match="platform-use"):
        confirm(cast, later, signed(page, esra, "yes", sharing="yes"))
    assert reasons(cast, later, "payment_billing", **share) == ["guardian_consent_required"]


def test_consent_to_outside_recipients_permits_sharing(cast, now, indus, danish, esra):
    approve_host(indus.pk, "payment_billing")
    page = page_of(guardians_form(cast, [danish], MADE), danish)
    confirm(cast, now, signed(page, esra, "yes", sharing="yes"))
    assert reasons(cast, now, "payment_billing", action="share", recipient="host") == ["permitted"]


@pytest.mark.parametrize("service", ["", "no"])
def test_no_consent_is_recorded_without_consent_to_the_platform(cast, now, page, esra, service):
    _, left_out = confirm(cast, now, signed(page, esra, service, "yes", "no"))
    assert left_out == ["newsletter"]
    assert {event.purpose.code: event.state for event in ConsentEvent.objects.all()} == {"product_research": "refused"}
    assert [one.decision for one in ServiceAuthorisation.objects.all()] == (["refused"] if service else [])
    assert reasons(cast, now, "newsletter") == ["guardian_consent_refused" if service else "guardian_consent_required"]


def test_refusals_are_recorded_as_refusals(cast, now, page, esra):
    confirm(cast, now, signed(page, esra, "no", "no", "no"))
    assert ServiceAuthorisation.objects.get().decision == "refused"
    assert set(ConsentEvent.objects.values_list("state", "given_by")) == {("refused", "guardian")}
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_refused"]


def test_consent_by_a_child_is_refused_and_its_refusal_is_recorded(cast, now, page):
    with pytest.raises(AnswersRefused):
        confirm(cast, now, signed(page, None, "yes", "yes"))
    PaperAnswer.objects.update(state="dismissed")
    confirm(cast, now, signed(page, None, "no", "no"))
    answer = ServiceAuthorisation.objects.get()
    assert (answer.decision, answer.guardian_id) == ("refused", None)
    assert ConsentEvent.objects.get().given_by == "self"


def make_signer(who, indus, danish, esra):
    """Return one who may not sign for Danish, for the reason given."""
    told: dict[str, Any] = {"actor": SETTING_UP, "at": MADE}
    later, before, signer = told | {"at": MADE + timedelta(hours=1)}, MADE - timedelta(days=5), esra
    if who == "a stranger":
        signer = make_guardian(indus, "stranger", at=MADE)
    elif who == "no longer named by the roster":
        signer = make_guardian(indus, "former", at=before)
        claim_guardian(danish, guardian=signer, relationship="parent", actor=SETTING_UP, at=before)
        end_other_claims(danish, named=[esra], **told)
    elif who == "guardianship ended":
        end_guardian(verified_guardian(danish, esra, at=MADE), **later)
    elif who == "barred by a court":
        change_guardian(verified_guardian(danish, esra, at=MADE), changes={"court_order": True}, **later)
    elif who == "may not decide":
        guardian_of(danish, esra, at=MADE, may_consent=False)
    else:
        signer = SubjectFactory(client=indus, external_id="lms-sister", role="student", birth_date=BORN["child"])
        claim_guardian(danish, guardian=signer, relationship="relative", **told)
    return signer


@pytest.mark.parametrize(
    "who",
    ["a stranger", "no longer named by the roster", "guardianship ended", "barred by a court", "may not decide",
     "a child"],
)  # fmt: skip
def test_only_a_guardian_who_may_decide_signs(cast, now, *, indus, danish, esra, page, who):
    signer = make_signer(who, indus, danish, esra)
    with pytest.raises(ValidationError) as told:
        enter(cast, now, signed(page, signer, "yes", "yes"))
    assert list(told.value.message_dict) == [f"{page.position}-guardian"]
    assert not PaperAnswer.objects.exists()


def barred(cast, danish, esra, now):
    row = Guardianship.objects.filter(child=danish, guardian=esra).first() or guardian_of(danish, esra, at=MADE)
    change_guardian(row, changes={"court_order": True}, actor=SETTING_UP, at=now)


def no_longer_claimed(cast, danish, esra, now):
    end_other_claims(danish, named=[], actor=SETTING_UP, at=now)


@pytest.mark.parametrize("change", [barred, no_longer_claimed, erase_subject, start_erasure])
def test_the_guardian_is_checked_again_when_the_answer_is_confirmed(cast, now, *, danish, esra, page, farah, change):
    [answer] = enter(cast, now, signed(page, esra, "yes", "yes"))
    if change in {erase_subject, start_erasure}:
        change(esra, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    else:
        change(cast, danish, esra, now)
    with pytest.raises(Refused, match="no longer, a guardian"):
        confirm_answer(answer, actor=farah, at=now)
    assert not ServiceAuthorisation.objects.exists()


def test_a_phone_call_may_refuse_but_not_consent(cast, now, page, esra):
    with pytest.raises(ValidationError, match="by telephone is not signed"):
        enter(cast, now, signed(page, esra, "yes"), method="phone")
    confirm(cast, now, signed(page, esra, "no"), method="phone", note="Call at nine")
    assert ServiceAuthorisation.objects.get().route == "phone"
    assert not Verification.objects.exists()


def test_an_equally_strong_verification_is_not_repeated(cast, now, page, danish, esra):
    verified_guardian(danish, esra, at=MADE)
    confirm(cast, now, signed(page, esra))
    assert [one.method for one in Verification.objects.all()] == ["in_person"]
    assert reasons(cast, now, "service_delivery") == ["permitted"]


def test_a_guardian_named_before_signs(cast, now, page, indus, danish):
    aunt = make_guardian(indus, "gulnaz", at=MADE)
    guardian_of(danish, aunt, at=MADE)
    confirm(cast, now, signed(page, aunt, "yes", "yes"))
    assert reasons(cast, now, "service_delivery", "newsletter") == ["permitted"] * 2


def test_both_guardians_answer_and_the_refusal_takes_precedence(cast, now, *, page, esra, father):
    answers = enter(cast, now, signed(page, esra, "yes", "yes"), signed(page, father, "no"))
    for answer in answers:
        confirm_answer(answer, actor=cast.actor("farah"), at=now)
    assert reasons(cast, now, "service_delivery", "newsletter") == ["guardian_consent_refused"] * 2
    assert GuardianConflict.objects.get(closed_at=None).purpose_code == ""


def test_another_guardians_refusal_takes_precedence_over_the_consent_on_paper(cast, now, *, page, danish, esra, father):
    answer_service(danish, father, "refused", SIGNED - timedelta(days=1))
    confirm(cast, now, signed(page, esra, "yes", "yes"))
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_refused"]
    assert GuardianConflict.objects.filter(closed_at=None).exists()


def test_another_guardians_refusal_of_one_purpose_concerns_that_purpose(cast, now, *, page, esra, father):
    confirm(cast, now, signed(page, father, "yes", "no", "yes"))
    confirm(cast, now, signed(page, esra, "yes", "yes", "yes"))
    assert reasons(cast, now, "newsletter", "product_research") == ["consent_refused", "permitted"]
    assert GuardianConflict.objects.get(closed_at=None).purpose_code == "newsletter"


@pytest.mark.parametrize("later", ["withdrawn", "refused"])
def test_a_later_no_is_not_undone_by_the_form(cast, now, *, page, danish, esra, later):
    verified_guardian(danish, esra, at=MADE)
    answer_service(danish, esra, "given", SIGNED - timedelta(days=1))
    answer_service(danish, esra, later, SIGNED + timedelta(hours=2))
    with pytest.raises(AnswersRefused):
        confirm(cast, now, signed(page, esra, "yes", "yes"))
    assert reasons(cast, now, "service_delivery") == [f"guardian_consent_{later}"]


def test_a_later_refusal_by_the_child_stays_and_a_guardians_is_recorded_beside_it(cast, now, page, danish, esra):
    answer_service(danish, None, "refused", SIGNED + timedelta(hours=2))
    with pytest.raises(AnswersRefused), transaction.atomic():
        confirm(cast, now, signed(page, esra, "yes"))
    confirm(cast, now, signed(page, esra, "no"))
    refusals = ServiceAuthorisation.objects.filter(child=danish, decision="refused")
    assert set(refusals.values_list("guardian", flat=True)) == {None, esra.pk}


def test_a_later_consent_to_the_platform_still_allows_the_purposes(cast, now, page, danish, esra):
    verified_guardian(danish, esra, at=MADE)
    answer_service(danish, esra, "given", SIGNED + timedelta(hours=2))
    row, left_out = confirm(cast, now, signed(page, esra, "yes", "yes"))
    assert (left_out, row.authorisation_id) == (["platform-use"], None)
    assert reasons(cast, now, "newsletter") == ["permitted"]


def test_a_later_withdrawal_takes_effect_as_any_other(cast, now, *, page, danish, esra, farah):
    confirm(cast, now, signed(page, esra, "yes", "yes", "yes"))
    later = now + timedelta(hours=1)
    by = {"given_by": GivenBy.GUARDIAN, "guardian": esra, "actor": farah, "at": later}
    withdraw_consent(danish, purpose="newsletter", **by)
    assert reasons(cast, later, "newsletter", "product_research") == ["consent_withdrawn", "permitted"]
    answer_service(danish, esra, "withdrawn", later + timedelta(minutes=5))
    assert reasons(cast, later + timedelta(hours=1), "service_delivery") == ["guardian_consent_withdrawn"]


def test_a_false_verification_found_later_ends_all_consents(cast, now, page, esra):
    confirm(cast, now, signed(page, esra, "yes", "yes"))
    mark_verification_false(Verification.objects.get(), actor=SETTING_UP, at=now + timedelta(hours=1))
    assert "permitted" not in reasons(cast, now + timedelta(hours=2), "service_delivery", "newsletter")


def test_a_guardians_consent_ends_and_no_more_is_recorded_once_the_child_is_of_age(cast, now, page, esra):
    confirm(cast, now, signed(page, esra, "yes", "yes"))
    grown = datetime(2035, 1, 1, 9, tzinfo=UTC)
    assert reasons(cast, grown, "newsletter") != ["permitted"]
    with pytest.raises(Refused, match="of age"):
        confirm(cast, grown, signed(page, esra, "yes", "yes", day=date(2034, 12, 24)))


@pytest.mark.parametrize(("erase", "error"), [(erase_subject, AlreadyErased), (start_erasure, ErasureInProgress)])
def test_nothing_is_recorded_about_an_erased_child(cast, now, *, page, danish, esra, farah, erase, error):
    [answer] = enter(cast, now, signed(page, esra))
    erase(danish, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(error):
        confirm_answer(answer, actor=farah, at=now)
    assert not ServiceAuthorisation.objects.exists()


def test_a_form_for_guardians_has_a_page_for_each_child_only(cast, run):
    pages = {page.subject.external_id: page for page in FormPage.objects.filter(run=run)}
    assert set(pages) == {"lms-danish", "lms-iqra"}
    assert {tuple(page.purposes) for page in pages.values()} == {BOTH}
    assert all(page.notice_hash and not page.asks_sharing for page in pages.values())
    everyone = [Subject.objects.get(external_id=f"lms-{one}") for one in ("danish", "hamza", "junaid")]
    again = guardians_form(cast, everyone, MADE)
    assert [page.subject.external_id for page in FormPage.objects.filter(run=again)] == ["lms-danish"]


def test_a_form_for_guardians_may_ask_about_the_platform_alone(cast, now, danish, esra):
    run = guardians_form(cast, [danish], MADE, purposes=[])
    confirm(cast, now, signed(page_of(run, danish), esra, "yes"))
    assert reasons(cast, now, "service_delivery") == ["permitted"]
    with pytest.raises(ValidationError):
        form_for(cast, [danish], MADE, purposes=[])


def test_a_form_is_printed_while_its_notice_is_in_effect(cast, now, indus, run, farah):
    by = {"address": ADDRESS, "actor": farah, "reason": Reason.REVIEW, "at": now}
    assert print_form(run, **by).startswith(b"%PDF-")
    approve_host(indus.pk, "service_delivery")
    with pytest.raises(Refused, match="notice about the use"):
        print_form(run, **by)


def test_consent_under_an_earlier_platform_notice_is_not_recorded(cast, now, indus, page, esra):
    approve_host(indus.pk, "service_delivery")
    _, left_out = confirm(cast, now, signed(page, esra, "yes", "yes", "no"))
    assert left_out == ["platform-use", "newsletter"]
    assert not ServiceAuthorisation.objects.exists()
    assert {event.state for event in ConsentEvent.objects.all()} == {"refused"}


def test_consent_to_a_purpose_widened_since_is_not_recorded(cast, now, *, indus, page, esra, farah):
    purpose = Purpose.objects.get(code="newsletter", client_id=indus.pk)
    widen_purpose(purpose, categories=["device"], actor=farah, reason=Reason.REVIEW, at=MADE + timedelta(days=1))
    _, left_out = confirm(cast, now, signed(page, esra, "yes", "yes", "yes"))
    assert left_out == ["newsletter"]
    assert ServiceAuthorisation.objects.get().decision == "given"
    assert {event.purpose.code for event in ConsentEvent.objects.all()} == {"product_research"}


def test_children_with_unreachable_guardians_are_found(cast, now, *, indus, danish, esra, farah):
    assert list(select_unreachable(indus, EVERYONE, actor=farah, at=now)) == []
    alone = make_guardian(indus, "no-phone", at=MADE)
    claim_guardian(cast.subject("iqra"), guardian=alone, relationship="parent", actor=SETTING_UP, at=MADE)
    invite_guardians_of([danish, cast.subject("iqra")], portal="https://portal.example", actor=farah, at=now)
    assert [one.external_id for one in select_unreachable(indus, EVERYONE, actor=farah, at=now)] == ["lms-iqra"]


def test_the_database_refuses_a_child_as_its_own_guardian(cast, now, page, danish, esra):
    [answer] = enter(cast, now, signed(page, esra))
    answer.guardian = danish
    with pytest.raises(IntegrityError), transaction.atomic():
        answer.save()
