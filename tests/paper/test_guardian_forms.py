"""Forms that guardians sign: the guardian is verified by the form, and each answer counts as the guardian's."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from children.guardians.authority import CardNumberFound
from children.guardians.models.guardians import Guardianship, ServiceAuthorisation, Verification
from children.guardians.models.mechanisms import GuardianConflict
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import NotTheirOwnGuardian, change_guardian, end_guardian
from children.guardians.services.verifications import mark_verification_false
from children.invitations.services.answering import process_invitations
from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import ConsentEvent, ConsentEvidence, GivenBy
from consent.consents.services.evidence import open_evidence
from consent.consents.services.recording import withdraw_consent
from consent.paper.models import EntryStep, FormPage, SheetEntry
from consent.paper.selectors import select_unreachable
from consent.paper.services.forms import (
    NameDiffers,
    NotForGuardians,
    NothingToRecord,
    NoticeChanged,
    SignedForm,
    print_form,
    record_signer,
)
from consent.paper.services.queue import choose_entry, confirm_entry, dismiss_entry, enter_signer, match_entry
from consent.paper.services.sheets import confirm_matched, expire_unmatched, upload_sheet
from consent.paper.sheets import SheetInvalid
from consent.paper.verdicts import RowState, Verdict
from consent.register.models.purposes import Purpose
from consent.register.services.safeguards import widen_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress, erase_subject, start_erasure
from paktaleem.directory.people.services.people import claim_guardian, end_other_claims
from paktaleem.directory.schools.selections import EVERYONE
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ApproverNotIndependent
from paktaleem.foundation.accounts.staff_ties import TIE_LIFE, TieKind, add_ties
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.children.guardians import approve_host, decision_reason, guardian_of, make_guardian, verified_guardian
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.paper.sheets import (
    BOTH,
    bring,
    code_of,
    entries_of,
    form_for,
    guardians_form,
    line,
    sheet_of,
    signed,
    stands,
)

MADE = datetime(2026, 9, 20, 9, tzinfo=UTC)
SIGNED = datetime(2026, 9, 29, 19, tzinfo=UTC)
"""The start of 30 September in Karachi."""
ADDRESS = "portal.example/guardian/indus/"
CORRECTION: dict[str, Any] = {"reason": Reason.CORRECTION}


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def danish(cast, indus):
    return cast.subject("danish")


@pytest.fixture
def esra(cast, indus):
    return cast.subject("esra")


@pytest.fixture
def run(cast, danish):
    return guardians_form(cast, [danish, cast.subject("iqra")], MADE)


@pytest.fixture
def code(run, danish):
    return code_of(run, danish)


@pytest.fixture
def father(indus, danish):
    """Return the father, a guardian of Danish with authority."""
    found = make_guardian(indus, "faisal", at=MADE - timedelta(days=9))
    verified_guardian(danish, found, at=MADE - timedelta(days=8))
    return found


def confirmed(cast, now, *rows, by="farah"):
    """Upload rows, confirm those that match, and return all of them."""
    sheet = bring(cast, now, *rows)
    confirm_matched(sheet, actor=cast.actor(by), at=now)
    return entries_of(sheet)


def reasons(cast, now, *purposes, person="lms-danish", **question):
    """Return the reasons of decisions a minute later."""
    at = now + timedelta(minutes=1)
    return [decision_reason(cast, person, at, purpose=one, **question) for one in purposes]


def answer_service(danish, guardian, decision, at):
    given = {"route": "school", "evidence": "Letter in folder 12", "actor": SETTING_UP, "at": at}
    return record_service_answer(danish, guardian=guardian, decision=decision, **given)


def test_each_answer_on_paper_takes_effect_for_its_purpose(cast, now, code, danish):
    assert reasons(cast, now, "service_delivery", "newsletter") == ["guardian_consent_required"] * 2
    [row] = confirmed(cast, now, signed(code, "yes", "yes", "no"))
    assert (row.state, row.problem) == ("confirmed", "")
    assert reasons(cast, now, "service_delivery", "newsletter", "product_research") == [
        "permitted",
        "permitted",
        "consent_refused",
    ]


def test_the_form_verifies_the_guardian_and_is_evidence_of_every_answer(cast, now, *, code, danish, esra, farah):
    [row] = confirmed(cast, now, signed(code, "yes", "yes", "no"))
    guardianship = Guardianship.objects.get(child=danish, guardian=esra)
    assert (guardianship.source, guardianship.relationship) == ("roster", "parent")
    proof = Verification.objects.get(guardianship=guardianship)
    assert (proof.method, proof.strength, proof.verified_at) == ("signed_form", 3, now)
    where = sealer_of(danish).open(proof.evidence_reference, column="children_verification.evidence_reference")
    assert "Grade 3 A" in where
    assert code in where
    assert "row 2: Folder 3 A" in where
    answer = ServiceAuthorisation.objects.get(child=danish)
    assert (answer.decision, answer.route, answer.guardian_id, answer.verification_id) == (
        "given",
        "paper",
        esra.pk,
        proof.pk,
    )
    assert (answer.claimed_at, answer.recorded_at, answer.actor_id) == (SIGNED, now, farah.id)
    assert answer.shown_hash == FormPage.objects.get(subject=danish).notice_hash != ""
    assert row.authorisation_id == answer.pk
    events = {event.purpose.code: event for event in ConsentEvent.objects.all()}
    assert {name: event.state for name, event in events.items()} == {
        "newsletter": "given",
        "product_research": "refused",
    }
    for event in events.values():
        assert (event.given_by, event.guardian_id, event.method) == ("guardian", esra.pk, "paper")
        evidence = ConsentEvidence.objects.get(event=event)
        assert code in open_evidence(evidence, actor=farah, reason=Reason.REVIEW, at=now).text
    facts = json.loads(Entry.objects.get(kind="answer.confirmed").body)["facts"]
    assert facts["authorisation"] == str(answer.pk)
    assert set(facts["events"]) == {str(event.pk) for event in events.values()}
    assert row.details is None


def test_a_scan_is_stored_with_the_verification_and_with_each_answer(cast, now, code, farah):
    [row] = entries_of(bring(cast, now, signed(code, "yes", "yes", "no")))
    confirm_entry(row, scan=io.BytesIO(b"%PDF-1.7 signed"), actor=farah, at=now)
    assert Verification.objects.get().file is not None
    assert ServiceAuthorisation.objects.get().file is not None
    assert ConsentEvidence.objects.filter(file__isnull=False).count() == 2


def test_an_uploaded_sheet_alone_changes_nothing(cast, now, code):
    sheet = bring(cast, now, signed(code, "yes", "yes"))
    assert stands(sheet) == [("matched", "")]
    assert not Guardianship.objects.exists()
    assert not ServiceAuthorisation.objects.exists()
    assert reasons(cast, now, "newsletter") == ["guardian_consent_required"]


def test_refusing_outside_recipients_does_not_refuse_the_platform(cast, now, indus, danish, esra):
    approve_host(indus.pk, "payment_billing")
    run = guardians_form(cast, [danish], MADE)
    share = {"action": "share", "recipient": "host"}
    confirmed(cast, now, signed(code_of(run, danish), "yes", **{"outside-recipients": "no"}))
    assert reasons(cast, now, "payment_billing") == ["permitted"]
    assert reasons(cast, now, "payment_billing", **share) == ["guardian_consent_required"]
    later = now + timedelta(hours=1)
    confirmed(cast, later, signed(code_of(run, danish), "yes", **{"outside-recipients": "yes"}))
    assert entries_of(SheetEntry.objects.latest("entered_at").sheet)[0].problem == "ended_since"
    assert reasons(cast, later, "payment_billing", **share) == ["guardian_consent_required"]


def test_consent_to_outside_recipients_permits_sharing(cast, now, indus, danish):
    approve_host(indus.pk, "payment_billing")
    run = guardians_form(cast, [danish], MADE)
    confirmed(cast, now, signed(code_of(run, danish), "yes", **{"outside-recipients": "yes"}))
    assert reasons(cast, now, "payment_billing", action="share", recipient="host") == ["permitted"]


@pytest.mark.parametrize("service", ["", "no"])
def test_no_consent_is_recorded_without_consent_to_the_platform(cast, now, code, farah, service):
    [row] = confirmed(cast, now, signed(code, service, "yes", "no"))
    assert (row.state, row.problem) == ("contradictory", "not_authorised")
    chosen = choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert chosen.state == "confirmed"
    assert {event.purpose.code: event.state for event in ConsentEvent.objects.all()} == {"product_research": "refused"}
    assert [one.decision for one in ServiceAuthorisation.objects.all()] == (["refused"] if service else [])
    assert reasons(cast, now, "newsletter") == ["guardian_consent_refused" if service else "guardian_consent_required"]


def test_refusals_are_recorded_as_refusals(cast, now, code):
    [row] = confirmed(cast, now, signed(code, "no", "no", "no"))
    assert row.state == "confirmed"
    assert ServiceAuthorisation.objects.get().decision == "refused"
    assert set(ConsentEvent.objects.values_list("state", "given_by")) == {("refused", "guardian")}
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_refused"]


def test_consent_by_a_child_is_refused_and_its_refusal_is_recorded(cast, now, code, farah):
    own = {"answered_by": "self", "guardian-id": ""}
    [row] = confirmed(cast, now, signed(code, "yes", "yes", **own))
    assert (row.state, row.problem) == ("guardian", "child_gave")
    with pytest.raises(NothingToRecord):
        choose_entry(row, actor=farah, **CORRECTION, at=now)
    [row] = confirmed(cast, now + timedelta(hours=1), signed(code, "no", "no", **own))
    assert (row.state, row.problem) == ("contradictory", "rows_differ")
    choose_entry(row, actor=farah, **CORRECTION, at=now + timedelta(hours=1))
    answer = ServiceAuthorisation.objects.get()
    assert (answer.decision, answer.guardian_id) == ("refused", None)
    assert ConsentEvent.objects.get().given_by == "self"


def test_a_guardian_cannot_consent_on_a_form_for_the_person(cast, now, danish, farah):
    run = form_for(cast, [danish], MADE)
    sheet = bring(cast, now, line(code_of(run, danish), "yes", answered_by="guardian"))
    assert stands(sheet) == [("guardian", "guardian_answered")]
    with pytest.raises(NothingToRecord):
        choose_entry(entries_of(sheet)[0], actor=farah, **CORRECTION, at=now)


def test_the_platform_is_not_on_a_form_for_the_person(cast, now, indus):
    hamza = cast.subject("hamza")
    run = form_for(cast, [hamza], MADE)
    row = signed(code_of(run, hamza), "yes", "yes", answered_by="self", **{"guardian-id": ""})
    assert stands(bring(cast, now, row)) == [("contradictory", "not_on_form")]


def a_stranger(indus, danish, esra):
    make_guardian(indus, "stranger", at=MADE)
    return "lms-stranger"


def one_the_roster_no_longer_names(indus, danish, esra):
    former, before = make_guardian(indus, "former", at=MADE - timedelta(days=5)), MADE - timedelta(days=5)
    claim_guardian(danish, guardian=former, relationship="parent", actor=SETTING_UP, at=before)
    end_other_claims(danish, named=[esra], actor=SETTING_UP, at=MADE)
    return "lms-former"


def one_whose_guardianship_ended(indus, danish, esra):
    end_guardian(verified_guardian(danish, esra, at=MADE), actor=SETTING_UP, at=MADE + timedelta(hours=1))
    return "lms-esra"


def one_barred_by_a_court(indus, danish, esra):
    row = verified_guardian(danish, esra, at=MADE)
    change_guardian(row, changes={"court_order": True}, actor=SETTING_UP, at=MADE + timedelta(hours=1))
    return "lms-esra"


def one_who_may_not_decide(indus, danish, esra):
    guardian_of(danish, esra, at=MADE, may_consent=False)
    return "lms-esra"


def a_child(indus, danish, esra):
    sister = SubjectFactory(client=indus, external_id="lms-sister", role="student", birth_date=BORN["child"])
    claim_guardian(danish, guardian=sister, relationship="relative", actor=SETTING_UP, at=MADE)
    return "lms-sister"


@pytest.mark.parametrize(
    ("who", "problem"),
    [
        (a_stranger, "signer_unknown"),
        (one_the_roster_no_longer_names, "signer_unknown"),
        (one_whose_guardianship_ended, "signer_unknown"),
        (one_barred_by_a_court, "signer_barred"),
        (one_who_may_not_decide, "signer_barred"),
        (a_child, "signer_minor"),
    ],
)
def test_a_guardian_who_may_not_sign_is_refused_with_the_reason(
    cast, now, *, indus, danish, esra, code, farah, who, problem
):
    before = ServiceAuthorisation.objects.count()
    [row] = confirmed(cast, now, signed(code, "yes", "yes", **{"guardian-id": who(indus, danish, esra)}))
    assert (row.state, row.problem) == ("guardian", problem)
    with pytest.raises(NothingToRecord):
        choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert ServiceAuthorisation.objects.count() == before
    assert not ConsentEvent.objects.exists()


def test_a_guardian_barred_after_the_upload_is_refused_at_confirmation(cast, now, *, danish, esra, code, farah):
    row = verified_guardian(danish, esra, at=MADE)
    [entry] = entries_of(bring(cast, now, signed(code)))
    assert entry.state == "matched"
    change_guardian(row, changes={"court_order": True}, actor=SETTING_UP, at=now)
    moved = confirm_entry(entry, actor=farah, at=now)
    assert (moved.state, moved.problem) == ("guardian", "signer_barred")
    assert not ServiceAuthorisation.objects.exists()


def test_a_claim_that_ends_while_the_form_is_recorded_creates_no_guardian(cast, now, code, danish, farah):
    [row] = entries_of(bring(cast, now, signed(code)))
    end_other_claims(danish, named=[], actor=SETTING_UP, at=now)
    form = SignedForm(row, FormPage.objects.get(subject=danish), Verdict(RowState.MATCHED), SIGNED, {})
    with pytest.raises(GuardianshipUnknown):
        record_signer(form, actor=farah, at=now)


@pytest.mark.parametrize("named", ["lms-nobody", "lms-kiran", "lms-danish"])
def test_a_wrong_guardian_id_refuses_the_sheet_with_row_and_column(cast, now, code, named):
    good, bad = signed(code), signed(code, **{"guardian-id": named})
    with pytest.raises(SheetInvalid) as told:
        bring(cast, now, good, bad)
    assert [(one.row, one.column) for one in told.value.problems] == [(3, "guardian-id")]
    assert not SheetEntry.objects.exists()


def test_a_relationship_that_differs_from_the_records_needs_a_decision(cast, now, code, farah):
    [row] = confirmed(cast, now, signed(code, **{"guardian-relationship": "relative"}))
    assert (row.state, row.problem) == ("contradictory", "relationship_differs")
    assert choose_entry(row, actor=farah, **CORRECTION, at=now).state == "confirmed"
    assert Guardianship.objects.get().relationship == "parent"


def test_a_row_without_a_guardian_waits_until_one_is_entered(cast, now, *, code, danish, esra, farah):
    [row] = confirmed(cast, now, signed(code, "yes", "yes", **{"guardian-id": ""}))
    assert (row.state, row.problem) == ("guardian", "signer_missing")
    entered = enter_signer(row, guardian=esra, actor=farah, **CORRECTION, at=now)
    assert (entered.state, entered.guardian_id) == ("matched", esra.pk)
    assert EntryStep.objects.get(entry=row).step == "signer"
    assert confirm_entry(entered, actor=farah, at=now).state == "confirmed"
    assert reasons(cast, now, "newsletter") == ["permitted"]


NEW = {"guardian-id": "", "guardian-name": "Gulnaz Bibi", "guardian-relationship": "relative"}


def test_a_guardian_named_only_on_the_form_needs_a_second_person(cast, now, code, danish, farah):
    [row] = confirmed(cast, now, signed(code, "yes", "yes", **NEW))
    assert (row.state, row.problem) == ("guardian", "signer_new")
    assert b"Gulnaz" not in row.details.ciphertext
    with pytest.raises(ApproverIsRequester):
        choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert reasons(cast, now, "newsletter") == ["guardian_consent_required"]
    for wrong in ("", "Gulnaz", "Esra Qureshi"):
        with pytest.raises(NameDiffers):
            choose_entry(row, name=wrong, actor=cast.actor("amina"), **CORRECTION, at=now)
    assert reasons(cast, now, "newsletter") == ["guardian_consent_required"]
    chosen = choose_entry(row, name=" gulnaz  Bibi", actor=cast.actor("amina"), **CORRECTION, at=now)
    named = Guardianship.objects.select_related("guardian").get(child=danish)
    assert (named.source, named.relationship, named.may_consent, named.may_receive_data) == (
        "self",
        "relative",
        True,
        False,
    )
    name = sealer_of(named.guardian).open(named.guardian.full_name, column="subjects_subject.full_name")
    assert name == "Gulnaz Bibi"
    assert chosen.guardian_id == named.guardian_id
    assert Verification.objects.get().method == "signed_form"
    assert reasons(cast, now, "service_delivery", "newsletter") == ["permitted"] * 2


@pytest.mark.parametrize(("user", "maker"), [("farah", "amina"), ("amina", "farah")])
def test_the_second_person_is_independent_of_the_first(cast, now, *, user, maker):
    with in_global():
        add_ties(cast.user_id(user), TieKind.ROLE, makers=[cast.user_id(maker)], at=now)
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        code = code_of(guardians_form(cast, [danish], MADE), danish)
        [row] = entries_of(bring(cast, now, signed(code, **NEW)))
        by = {"name": "Gulnaz Bibi", "actor": cast.actor("amina"), **CORRECTION}
        with pytest.raises(ApproverNotIndependent):
            choose_entry(row, **by, at=now + TIE_LIFE - timedelta(seconds=1))
        assert not Guardianship.objects.exists()
        assert choose_entry(row, **by, at=now + TIE_LIFE).state == "confirmed"


def test_a_refusal_by_a_second_new_guardian_stays_in_the_queue(cast, now, code, danish, farah):
    father = {**NEW, "guardian-name": "Gul Khan", "guardian-relationship": "parent"}
    unnamed = {"guardian-id": ""}
    mother, refusal, again, missing = entries_of(
        bring(
            cast,
            now,
            signed(code, "yes", **NEW),
            signed(code, "no", **father),
            signed(code, "yes", **{**NEW, "guardian-name": "gulnaz  bibi"}),
            signed(code, "no", **unnamed),
        )
    )
    by = {"actor": cast.actor("amina"), **CORRECTION, "at": now}
    choose_entry(mother, name="Gulnaz Bibi", **by)
    states = dict(SheetEntry.objects.values_list("number", "state"))
    assert [states[one.number] for one in (mother, refusal, again, missing)] == [
        "confirmed",
        "guardian",
        "dismissed",
        "guardian",
    ]
    choose_entry(refusal, name="Gul Khan", **by)
    assert set(ServiceAuthorisation.objects.values_list("decision", flat=True)) == {"given", "refused"}


def test_a_name_that_cannot_be_decrypted_is_not_confirmed(cast, now, code):
    [row] = entries_of(bring(cast, now, signed(code, **NEW)))
    SheetEntry.objects.filter(pk=row.pk).update(details=None)
    with pytest.raises(NameDiffers):
        choose_entry(row, actor=cast.actor("amina"), **CORRECTION, at=now)


def test_dismissing_a_row_deletes_the_name(cast, now, code, farah):
    [row] = entries_of(bring(cast, now, signed(code, **NEW)))
    dismissed = dismiss_entry(row, actor=farah, **CORRECTION, at=now)
    assert (dismissed.state, dismissed.details) == ("dismissed", None)


def test_an_expired_unmatched_row_no_longer_has_a_guardian(cast, now, indus):
    bring(cast, now, signed("1111-1111", "yes"))
    expire_unmatched(indus.pk, actor=SETTING_UP, at=now + timedelta(days=91))
    row = SheetEntry.objects.get()
    assert (row.state, row.guardian, row.answers) == ("expired", None, {})


def test_a_name_entered_by_hand_needs_another_person_too(cast, now, code, farah):
    [row] = entries_of(bring(cast, now, signed(code, **{"guardian-id": ""}), actor=cast.actor("amina")))
    entered = enter_signer(row, name="Gulnaz Bibi", relationship="other", actor=farah, **CORRECTION, at=now)
    assert entered.problem == "signer_new"
    with pytest.raises(ApproverIsRequester):
        choose_entry(entered, actor=farah, **CORRECTION, at=now)
    amina = cast.actor("amina")
    assert choose_entry(entered, name="Gulnaz Bibi", actor=amina, **CORRECTION, at=now).state == "confirmed"


def test_input_about_a_guardian_is_validated(cast, now, *, code, danish, esra, farah):
    [row] = entries_of(bring(cast, now, signed(code, **{"guardian-id": ""})))
    by = {"actor": farah, **CORRECTION, "at": now}
    for wrong in ({}, {"guardian": esra, "name": "G"}, {"name": "G"}, {"name": "G", "relationship": "aunt"}):
        with pytest.raises(ValidationError):
            enter_signer(row, **wrong, **by)
    with pytest.raises(NotTheirOwnGuardian):
        enter_signer(row, guardian=danish, **by)
    with pytest.raises(CardNumberFound):
        enter_signer(row, name="Gulnaz 42101-1234567-1", relationship="parent", **by)
    with pytest.raises(NotAllowed):
        enter_signer(row, guardian=esra, **{**by, "actor": cast.actor("bilal")})
    run = form_for(cast, [cast.subject("hamza")], MADE)
    [other] = entries_of(bring(cast, now, line(code_of(run, cast.subject("hamza")))))
    with pytest.raises(NotForGuardians):
        enter_signer(other, guardian=esra, **by)


def test_matching_a_mistyped_code_by_hand_keeps_the_guardian(cast, now, *, code, danish, esra, farah):
    typed = code[:-1] + ("2" if code[-1] != "2" else "3")
    first, second = entries_of(bring(cast, now, signed(typed, "yes"), signed("1111-1111", "yes", **NEW)))
    assert first.state == second.state == "unmatched"
    matched = match_entry(first, code=code, actor=farah, **CORRECTION, at=now)
    assert (matched.state, matched.guardian_id) == ("matched", esra.pk)
    named = match_entry(second, code=code, actor=farah, **CORRECTION, at=now)
    assert named.problem == "signer_new"


def test_a_row_that_names_the_child_as_guardian_cannot_be_matched_by_hand(cast, now, code, danish, farah):
    [row] = entries_of(bring(cast, now, signed("1111-1111", **{"guardian-id": "lms-danish"})))
    with pytest.raises(NotTheirOwnGuardian):
        match_entry(row, code=code, actor=farah, **CORRECTION, at=now)


def test_a_phone_call_may_refuse_but_not_consent(cast, now, code, danish, farah):
    [row] = confirmed(cast, now, signed(code, "yes", method="phone"))
    assert (row.state, row.problem) == ("guardian", "not_signed")
    [row] = confirmed(cast, now, signed(code, "no", method="phone", note="Call at nine"))
    choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert ServiceAuthorisation.objects.get().route == "phone"
    assert not Verification.objects.exists()


def test_an_equally_strong_verification_is_not_repeated(cast, now, code, danish, esra):
    verified_guardian(danish, esra, at=MADE)
    confirmed(cast, now, signed(code))
    assert [one.method for one in Verification.objects.all()] == ["in_person"]
    assert reasons(cast, now, "service_delivery") == ["permitted"]


def test_both_guardians_answer_on_one_form_and_the_refusal_takes_precedence(cast, now, *, code, danish, father, farah):
    mother, of_father = signed(code, "yes", "yes"), signed(code, "no", **{"guardian-id": "lms-faisal"})
    rows = confirmed(cast, now, mother, of_father)
    assert [row.state for row in rows] == ["confirmed", "confirmed"]
    assert reasons(cast, now, "service_delivery", "newsletter") == ["guardian_consent_refused"] * 2
    assert GuardianConflict.objects.get(closed_at=None).purpose_code == ""


def test_another_guardians_refusal_is_shown_before_consent_is_recorded(cast, now, *, code, danish, father, farah):
    answer_service(danish, father, "refused", SIGNED - timedelta(days=1))
    [row] = confirmed(cast, now, signed(code, "yes", "yes"))
    assert (row.state, row.problem) == ("contradictory", "other_refused")
    assert choose_entry(row, actor=farah, **CORRECTION, at=now).state == "confirmed"
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_refused"]
    assert GuardianConflict.objects.filter(closed_at=None).exists()


def test_another_guardians_refusal_of_one_purpose_concerns_that_purpose(cast, now, *, code, danish, father, farah):
    confirmed(cast, now, signed(code, "yes", "no", "yes", **{"guardian-id": "lms-faisal"}))
    [row] = confirmed(cast, now, signed(code, "yes", "yes", "yes"))
    assert (row.state, row.problem) == ("contradictory", "other_refused")
    choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert reasons(cast, now, "newsletter", "product_research") == ["consent_refused", "permitted"]
    assert GuardianConflict.objects.get(closed_at=None).purpose_code == "newsletter"


def test_a_withdrawal_after_the_signature_is_not_undone_by_the_form(cast, now, *, code, danish, esra, farah):
    verified_guardian(danish, esra, at=MADE)
    answer_service(danish, esra, "given", SIGNED - timedelta(days=1))
    answer_service(danish, esra, "withdrawn", SIGNED + timedelta(hours=2))
    [row] = confirmed(cast, now, signed(code, "yes", "yes"))
    assert (row.state, row.problem) == ("contradictory", "ended_since")
    with pytest.raises(NothingToRecord):
        choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_withdrawn"]


def test_a_later_refusal_by_the_child_is_not_undone_by_the_form(cast, now, code, danish, farah):
    answer_service(danish, None, "refused", SIGNED + timedelta(hours=2))
    [row] = confirmed(cast, now, signed(code, "yes"))
    assert (row.state, row.problem) == ("contradictory", "ended_since")


def test_a_new_guardians_refusal_is_recorded_beside_that_of_the_child(cast, now, code, danish):
    answer_service(danish, None, "refused", SIGNED + timedelta(hours=2))
    [row] = entries_of(bring(cast, now, signed(code, "no", **NEW)))
    choose_entry(row, name="Gulnaz Bibi", actor=cast.actor("amina"), **CORRECTION, at=now)
    refusals = ServiceAuthorisation.objects.filter(child=danish, decision="refused")
    assert set(refusals.values_list("guardian__external_id", flat=True)) > {None}


def test_a_later_refusal_on_the_portal_is_not_undone_by_the_form(cast, now, *, code, danish, esra, farah):
    verified_guardian(danish, esra, at=MADE)
    answer_service(danish, esra, "refused", SIGNED + timedelta(hours=2))
    [row] = confirmed(cast, now, signed(code, "yes"))
    assert (row.state, row.problem) == ("contradictory", "ended_since")
    with pytest.raises(NothingToRecord):
        choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert reasons(cast, now, "service_delivery") == ["guardian_consent_refused"]


def test_the_same_later_answer_is_not_recorded_again(cast, now, code, danish, esra):
    verified_guardian(danish, esra, at=MADE)
    answer_service(danish, esra, "given", SIGNED + timedelta(hours=2))
    [row] = confirmed(cast, now, signed(code, "yes", "yes"))
    assert (row.state, row.authorisation_id) == ("confirmed", None)
    assert reasons(cast, now, "newsletter") == ["permitted"]


def test_a_later_withdrawal_takes_effect_as_any_other(cast, now, *, code, danish, esra, farah):
    confirmed(cast, now, signed(code, "yes", "yes", "yes"))
    later = now + timedelta(hours=1)
    by = {"given_by": GivenBy.GUARDIAN, "guardian": esra, "actor": farah, "at": later}
    withdraw_consent(danish, purpose="newsletter", **by)
    assert reasons(cast, later, "newsletter", "product_research") == ["consent_withdrawn", "permitted"]
    answer_service(danish, esra, "withdrawn", later + timedelta(minutes=5))
    assert reasons(cast, later + timedelta(hours=1), "service_delivery") == ["guardian_consent_withdrawn"]


def test_a_false_verification_found_later_ends_all_consents(cast, now, code, danish):
    confirmed(cast, now, signed(code, "yes", "yes"))
    mark_verification_false(Verification.objects.get(), actor=SETTING_UP, at=now + timedelta(hours=1))
    assert "permitted" not in reasons(cast, now + timedelta(hours=2), "service_delivery", "newsletter")


@pytest.mark.parametrize(("day", "problem"), [("2026-09-19", "before_form"), ("2026-09-20", "")])
def test_a_form_is_signed_on_or_after_the_day_it_was_made(cast, now, code, day, problem):
    assert stands(bring(cast, now, signed(code, answered_on=day)))[0][1] == problem


def test_a_day_in_the_future_refuses_the_sheet(cast, now, code):
    with pytest.raises(SheetInvalid) as told:
        bring(cast, now, signed(code, answered_on="2026-12-24"))
    assert [(one.column, one.code) for one in told.value.problems] == [("answered_on", "date_in_future")]


def test_a_guardians_answer_is_not_recorded_once_the_child_is_of_age(cast, now, code, danish, farah):
    grown = datetime(2035, 1, 1, 9, tzinfo=UTC)
    [row] = confirmed(cast, grown, signed(code, "yes", "yes", answered_on="2034-12-24"))
    assert (row.state, row.problem) == ("contradictory", "of_age")
    with pytest.raises(NothingToRecord):
        choose_entry(row, actor=farah, **CORRECTION, at=grown)


def test_a_guardians_consent_ends_when_the_child_reaches_the_age_of_consent(cast, now, code, danish):
    confirmed(cast, now, signed(code, "yes", "yes"))
    assert reasons(cast, datetime(2035, 1, 1, 9, tzinfo=UTC), "newsletter") != ["permitted"]


@pytest.mark.parametrize("erase", [erase_subject, start_erasure])
def test_nothing_is_recorded_about_an_erased_child(cast, now, *, code, danish, farah, erase):
    [row] = entries_of(bring(cast, now, signed(code)))
    erase(danish, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    moved = confirm_entry(row, actor=farah, at=now)
    assert (moved.state, moved.problem) == ("unmatched", "erased")
    assert not ServiceAuthorisation.objects.exists()


@pytest.mark.parametrize(("erase", "error"), [(erase_subject, AlreadyErased), (start_erasure, ErasureInProgress)])
def test_no_guardian_is_entered_for_an_erased_child(cast, now, *, code, danish, farah, erase, error):
    [row] = entries_of(bring(cast, now, signed(code, **{"guardian-id": ""})))
    erase(danish, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(error):
        enter_signer(row, name="Gulnaz Bibi", relationship="relative", actor=farah, **CORRECTION, at=now)


@pytest.mark.parametrize("erase", [erase_subject, start_erasure])
def test_a_form_signed_by_an_erased_guardian_is_not_confirmed(cast, now, *, code, esra, farah, erase):
    [row] = entries_of(bring(cast, now, signed(code)))
    erase(esra, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    assert confirm_entry(row, actor=farah, at=now).problem == "signer_unknown"


def test_another_clients_code_is_unknown(cast, now):
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        code = code_of(guardians_form(cast, [danish], MADE), danish)
    with in_client(cast.client_id("khyber")):
        assert not FormPage.objects.exists()
        content = sheet_of(signed(code, **{"guardian-id": ""}))
        sheet = upload_sheet(content, client=cast.client("khyber"), actor=cast.actor("celia"), at=now)
        assert stands(sheet) == [("unmatched", "code_unknown")]


def test_a_form_for_guardians_has_a_page_for_each_child_only(cast, run):
    pages = {page.subject.external_id: page for page in FormPage.objects.filter(run=run)}
    assert set(pages) == {"lms-danish", "lms-iqra"}
    assert {tuple(page.purposes) for page in pages.values()} == {BOTH}
    assert all(page.notice_hash and not page.asks_sharing for page in pages.values())
    everyone = [Subject.objects.get(external_id=f"lms-{one}") for one in ("danish", "hamza", "junaid")]
    again = guardians_form(cast, everyone, MADE)
    assert [page.subject.external_id for page in FormPage.objects.filter(run=again)] == ["lms-danish"]


def test_a_form_for_guardians_may_ask_about_the_platform_alone(cast, now, danish):
    run = guardians_form(cast, [danish], MADE, purposes=[])
    confirmed(cast, now, signed(code_of(run, danish), "yes"))
    assert reasons(cast, now, "service_delivery") == ["permitted"]
    with pytest.raises(ValidationError):
        form_for(cast, [danish], MADE, purposes=[])


def test_a_form_is_printed_while_its_notice_is_in_effect(cast, now, indus, run, farah):
    by = {"address": ADDRESS, "actor": farah, "reason": Reason.REVIEW, "at": now}
    assert print_form(run, **by).startswith(b"%PDF-")
    approve_host(indus.pk, "service_delivery")
    with pytest.raises(NoticeChanged):
        print_form(run, **by)


def test_consent_under_an_earlier_platform_notice_is_not_recorded(cast, now, indus, code, farah):
    approve_host(indus.pk, "service_delivery")
    [row] = confirmed(cast, now, signed(code, "yes", "yes", "no"))
    assert (row.state, row.problem) == ("outdated", "notice_changed")
    choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert not ServiceAuthorisation.objects.exists()
    assert {event.state for event in ConsentEvent.objects.all()} == {"refused"}


def test_consent_to_a_purpose_widened_since_is_not_recorded(cast, now, indus, code, farah):
    purpose = Purpose.objects.get(code="newsletter", client_id=indus.pk)
    widen_purpose(purpose, categories=["device"], actor=farah, reason=Reason.REVIEW, at=MADE + timedelta(days=1))
    [row] = confirmed(cast, now, signed(code, "yes", "yes", "yes"))
    assert (row.state, row.problem) == ("outdated", "notice_changed")
    choose_entry(row, actor=farah, **CORRECTION, at=now)
    assert ServiceAuthorisation.objects.get().decision == "given"
    assert {event.purpose.code for event in ConsentEvent.objects.all()} == {"product_research"}


def test_children_with_unreachable_guardians_are_found(cast, now, *, indus, danish, esra, farah):
    assert list(select_unreachable(indus, EVERYONE, actor=farah, at=now)) == []
    alone = make_guardian(indus, "no-phone", at=MADE)
    claim_guardian(cast.subject("iqra"), guardian=alone, relationship="parent", actor=SETTING_UP, at=MADE)
    invite_guardians_of([danish, cast.subject("iqra")], portal="https://portal.example", actor=farah, at=now)
    assert [one.external_id for one in select_unreachable(indus, EVERYONE, actor=farah, at=now)] == ["lms-iqra"]


def test_an_answer_on_paper_closes_the_invitation(cast, now, *, indus, danish, esra, farah, code):
    [invitation] = invite_guardians_of([danish], portal="https://portal.example", actor=farah, at=now)
    confirmed(cast, now + timedelta(hours=1), signed(code, "yes"))
    process_invitations(indus.pk, actor=SETTING_UP, at=now + timedelta(hours=2))
    invitation.refresh_from_db()
    assert invitation.state == "given"


@pytest.mark.parametrize(
    "broken", [{"given_by": "self"}, {"state": "matched", "authorisation_id": "0190b9f4-0000-7000-8000-000000000000"}]
)
def test_the_database_refuses_a_row_with_an_impossible_guardian(cast, now, code, broken):
    [row] = entries_of(bring(cast, now, signed(code)))
    for name, value in broken.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_database_refuses_a_child_as_its_own_guardian(cast, now, code, danish):
    [row] = entries_of(bring(cast, now, signed(code)))
    row.guardian = danish
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_uploading_runs_the_same_number_of_queries_for_any_number_of_children(cast, now, indus, danish):
    children = [
        SubjectFactory(client=indus, external_id=f"lms-class-{number}", role="student", birth_date=BORN["child"])
        for number in range(12)
    ]
    for child in children:
        claim_guardian(child, guardian=cast.subject("esra"), relationship="parent", actor=SETTING_UP, at=MADE)
    run = guardians_form(cast, [danish, *children], MADE)
    rows = [signed(code_of(run, child), "yes", "yes") for child in children]
    with CaptureQueriesContext(connection) as few:
        bring(cast, now, signed(code_of(run, danish)))
    with CaptureQueriesContext(connection) as many:
        sheet = bring(cast, now, *rows)
    assert len(many) <= len(few)
    assert set(stands(sheet)) == {("matched", "")}
