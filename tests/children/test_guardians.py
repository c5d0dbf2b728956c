# ruff: noqa: PLR0917 -- parametrized
"""Naming, verifying and changing guardians: permissions, evidence, and changes that wait for a second person."""

import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from children.guardians.authority import EvidenceRequired
from children.guardians.models import GuardianChange, GuardianConflict, Guardianship, SchoolAuthorisation, Verification
from children.guardians.selectors import (
    GuardianshipUnknown,
    get_live_guardianship,
    list_candidates,
    list_guardians,
    load_child_facts,
)
from children.guardians.services.answers import NotInQuarantine, TooWeakToShare, close_conflict, quarantine, release
from children.guardians.services.checks import authorise_by_school, declare_mechanism, end_school_authorisation
from children.guardians.services.guardians import (
    AlreadyEnded,
    AlreadyNamed,
    ChangeWaits,
    NotTheirOwnGuardian,
    StillAChild,
    accept_roster_claim,
    end_guardian,
    name_guardian,
    settle_guardian_change,
)
from children.guardians.services.verifications import MayNotConsent, mark_verification_false, verify_guardian
from paktaleem.directory.people.models import GuardianClaim
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.second_person import ChangeAlreadyDecided, GroundNeeded
from paktaleem.foundation.audit.models import Entry
from tests.cast import refused_to
from tests.children.guardians import changed, ended, guardian_of, make_guardian, record_answer, verified_guardian

MINUTE = timedelta(minutes=1)


@pytest.fixture
def omar(indus, now):
    return make_guardian(indus, "omar", at=now - MINUTE)


def state_of(child, at):
    return load_child_facts(child).standing(at)


def waits(change):
    assert isinstance(change, GuardianChange)
    return change


def name(cast, child, guardian, at, actor="farah", **values):
    given = {"relationship": "parent", "may_consent": True, "may_receive_data": True, **values}
    return name_guardian(child, guardian=guardian, **given, actor=cast.actor(actor), at=at)


def test_a_guardian_is_named_once_and_history_and_evidence_say_who_and_why(cast, danish, esra, now):
    row = name(cast, danish, esra, now)
    again = name(cast, danish, esra, now + MINUTE)
    assert (again.pk, row.source, row.starts_at) == (row.pk, "school", now)
    assert list(list_guardians(danish, actor=cast.actor("bilal"))) == [row]
    with pytest.raises(AlreadyNamed):
        name(cast, danish, esra, now, may_receive_data=False)
    version = row.history.get()
    assert (version.actor_id, version.history_change_reason) == (cast.user_id("farah"), "client_instruction")
    entry = Entry.objects.get(kind="guardian.named")
    assert (entry.subject_id, entry.actor_id, entry.recorded_at) == (danish.pk, cast.user_id("farah"), now)
    refused_to("bilal sana celia", lambda actor: name(cast, danish, esra, now, actor))


def test_neither_the_child_nor_another_child_nor_an_erased_person_is_named(cast, danish, esra, now):
    with pytest.raises(NotTheirOwnGuardian):
        name(cast, danish, danish, now)
    with pytest.raises(StillAChild):
        name(cast, danish, cast.subject("iqra"), now)
    with pytest.raises(StillAChild):
        name(cast, cast.subject("iqra"), danish, now)
    erase_subject(esra, actor=cast.actor("amina"), reason="subject_request", at=now)
    with pytest.raises(AlreadyErased):
        name(cast, danish, esra, now)


def test_a_roster_claim_is_a_candidate_and_no_authority(cast, danish, esra, now):
    claim = GuardianClaim.objects.get(child=danish)
    assert list(list_candidates(danish, actor=cast.actor("farah"), at=now)) == [claim]
    row = accept_roster_claim(claim, actor=cast.actor("farah"), at=now)
    assert (row.source, row.guardian_id) == ("roster", esra.pk)
    assert not list_candidates(danish, actor=cast.actor("farah"), at=now).exists()
    assert not state_of(danish, now).persons


def test_the_database_refuses_a_guardian_of_oneself(cast, danish, esra, now):
    row = name(cast, danish, esra, now)
    row.guardian = danish
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save_base(raw=True)


@pytest.mark.parametrize(("method", "strength"), [("in_person", 3), ("signed_form", 3), ("school_attested", 1)])
def test_staff_verify_what_they_saw(cast, danish, esra, now, method, strength):
    row = name(cast, danish, esra, now)
    found = verify_guardian(
        row, method=method, evidence=" Folder 12, no. 33 ", ground="A form.", actor=cast.actor("farah"), at=now
    )
    assert (found.strength, found.verified_at) == (strength, now)
    opened = sealer_of(danish).open(found.evidence_reference, column="guardians_verification.evidence_reference")
    assert (opened, state_of(danish, now).persons) == ("Folder 12, no. 33", {esra.pk})
    assert "Folder" not in Entry.objects.get(kind="guardian.verified").body


def test_the_schools_attestation_permits_sharing_only_with_a_second_person(cast, danish, esra, now):
    row, farah = name(cast, danish, esra, now), cast.actor("farah")
    seen: dict[str, Any] = {"method": "school_attested", "evidence": "Class teacher, admission file 33"}
    with pytest.raises(GroundNeeded):
        verify_guardian(row, **seen, actor=farah, at=now)
    assert not Verification.objects.exists()
    verify_guardian(row, **seen, ground="He brings him.", actor=farah, at=now)
    with pytest.raises(TooWeakToShare):
        record_answer(danish, esra, "given", shares=True, at=now)
    waiting = GuardianChange.objects.get()
    with pytest.raises(ChangeWaits):
        verify_guardian(
            row, method="school_attested", evidence="Head teacher, file 33", ground="So.", actor=farah, at=now
        )
    settle_guardian_change(waiting, approve=True, actor=cast.actor("amina"), at=now + MINUTE)
    assert Verification.objects.get().strength == 2
    record_answer(danish, esra, "given", shares=True, at=now + MINUTE)
    assert load_child_facts(danish).standing(now + MINUTE).may_share


def test_a_declined_or_false_attestation_stays_too_weak(cast, danish, esra, now):
    row, farah = name(cast, danish, esra, now), cast.actor("farah")
    seen: dict[str, Any] = {"method": "school_attested", "evidence": "Class teacher, admission file 33"}
    attested = partial(verify_guardian, row, **seen, ground="He brings him.")
    attested(actor=farah, at=now)
    settle_guardian_change(GuardianChange.objects.get(), approve=False, actor=farah, at=now)
    assert Verification.objects.get().strength == 1
    again = attested(actor=farah, at=now)
    mark_verification_false(again, actor=farah, at=now)
    waiting = GuardianChange.objects.get(state="waiting")
    with pytest.raises(AlreadyEnded):
        settle_guardian_change(waiting, approve=True, actor=cast.actor("amina"), at=now + MINUTE)


@pytest.mark.parametrize("method", ["school_attested", "in_person", "signed_form"])
@pytest.mark.parametrize("evidence", ["x", "- - - -", "Seen him"])
def test_the_evidence_of_staff_says_something(cast, danish, esra, now, evidence, method):
    row = name(cast, danish, esra, now)
    with pytest.raises(EvidenceRequired):
        verify_guardian(row, method=method, evidence=evidence, actor=cast.actor("farah"), at=now)
    assert not Verification.objects.exists()


def test_a_signed_form_is_kept_sealed(cast, danish, esra, now):
    row = name(cast, danish, esra, now)
    form = io.BytesIO(b"%PDF-1.7\nsigned\n%%EOF")
    found = verify_guardian(row, method="signed_form", file=form, actor=cast.actor("farah"), at=now)
    assert found.file is not None
    assert found.file.subject_id == danish.pk


def test_verifying_needs_evidence_and_a_method_of_staff(cast, danish, esra, now):
    row, farah = name(cast, danish, esra, now), cast.actor("farah")
    with pytest.raises(EvidenceRequired):
        verify_guardian(row, method="in_person", evidence=" ", actor=farah, at=now)
    with pytest.raises(ValueError, match="email_plus"):
        verify_guardian(row, method="email_plus", evidence="x", actor=farah, at=now)
    with pytest.raises(NotAllowed):
        verify_guardian(row, method="in_person", evidence="x", actor=cast.actor("sana"), at=now)


@pytest.mark.parametrize("values", [{"may_consent": False}, {"court_order": True}])
def test_who_may_not_decide_is_not_verified(cast, danish, esra, now, values):
    row = name(cast, danish, esra, now)
    changed(cast, row, now, **values)
    with pytest.raises(MayNotConsent):
        verify_guardian(row, method="in_person", evidence="Seen at the office", actor=cast.actor("farah"), at=now)


def test_ended_is_ended(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    ended(cast, row, now + MINUTE)
    with pytest.raises(GuardianshipUnknown):
        get_live_guardianship(danish, esra, at=now + MINUTE)
    for refused in (
        end_guardian,
        lambda row, **by: verify_guardian(row, method="in_person", evidence="Seen by me", **by),
    ):
        with pytest.raises(AlreadyEnded):
            refused(row, actor=cast.actor("farah"), at=now + MINUTE)
    assert guardian_of(danish, esra, at=now + 2 * MINUTE).pk != row.pk


def test_an_end_may_be_set_ahead_and_is_never_backdated(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    with pytest.raises(ValidationError):
        changed(cast, row, now, ends_at=now - MINUTE)
    changed(cast, row, now, ends_at=now + MINUTE)
    facts = load_child_facts(danish)
    assert (facts.standing(now).state, facts.standing(now).until) == ("given", now + MINUTE)
    assert facts.standing(now + MINUTE).state == "lapsed"


def test_a_courts_note_is_sealed(cast, danish, esra, now):
    row = name(cast, danish, esra, now)
    changed(cast, row, now, note="File 7", court_order=True)
    row.refresh_from_db()
    assert str(row.court_order_note) == "•••"
    assert "File 7" not in Entry.objects.get(kind="guardian.changed").body


def refuser(cast, danish, esra, omar, now):
    verified_guardian(danish, esra, at=now)
    row = verified_guardian(danish, omar, at=now)
    record_answer(danish, esra, "given", at=now)
    record_answer(danish, omar, "refused", at=now)
    return row


@pytest.mark.parametrize(
    "changes", [{}, {"may_consent": False}, {"court_order": True}], ids=["end", "may_consent", "court"]
)
def test_taking_away_the_one_who_refused_waits_for_a_second_person(cast, danish, esra, omar, now, changes):
    row = refuser(cast, danish, esra, omar, now)
    changes = changes or {"ends_at": now + MINUTE}
    at = now + MINUTE
    waiting = waits(changed(cast, row, at, **changes))
    assert state_of(danish, at).state == "refused"
    with pytest.raises(ChangeWaits):
        changed(cast, row, at, **changes)
    settle_guardian_change(waiting, approve=True, actor=cast.actor("amina"), at=at)
    assert state_of(danish, at).state == "given"
    with pytest.raises(ChangeAlreadyDecided):
        settle_guardian_change(waiting, approve=True, actor=cast.actor("amina"), at=at)


def test_lifting_a_refusal_waits_even_without_a_consent(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "refused", at=now)
    assert isinstance(ended(cast, row, now + MINUTE), GuardianChange)


def test_taking_away_the_one_who_agreed_acts_at_once(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    assert isinstance(ended(cast, row, now + MINUTE), Guardianship)
    assert state_of(danish, now + MINUTE).state == "lapsed"


def test_a_change_that_lets_a_guardian_receive_data_or_decide_again_waits(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now, may_receive_data=False)
    told = waits(changed(cast, row, now, may_receive_data=True))
    record_answer(danish, esra, "given", at=now)
    settle_guardian_change(told, approve=False, actor=cast.actor("amina"), at=now)
    changed(cast, row, now + MINUTE, court_order=True)
    waits(changed(cast, row, now + MINUTE, court_order=False))
    assert state_of(danish, now + MINUTE).state == "lapsed"


def test_guardians_who_disagree_are_a_case_until_they_agree(cast, danish, esra, omar, now):
    refuser(cast, danish, esra, omar, now)
    case = GuardianConflict.objects.get()
    assert (case.child_id, case.closed_at, case.purpose_code) == (danish.pk, None, "")
    record_answer(danish, omar, "given", at=now + MINUTE)
    case.refresh_from_db()
    assert (case.outcome, state_of(danish, now + MINUTE).state) == ("agreed", "given")


def test_a_case_can_be_closed_with_the_refusal_in_force(cast, danish, esra, omar, now):
    refuser(cast, danish, esra, omar, now)
    case = close_conflict(GuardianConflict.objects.get(), actor=cast.actor("farah"), at=now + MINUTE)
    assert (case.outcome, state_of(danish, now + MINUTE).state) == ("no_stands", "refused")


def test_a_schools_authorisation_is_kept_apart_and_opens_nothing(cast, danish, now):
    by = {"actor": cast.actor("farah")}
    first = authorise_by_school(danish, contract_reference="C-1", official="The head", at=now, **by)
    second = authorise_by_school(danish, contract_reference="C-2", official="The head", at=now + MINUTE, **by)
    first.refresh_from_db()
    assert (first.ends_at, second.ends_at, state_of(danish, now + MINUTE).state) == (now + MINUTE, None, None)
    end_school_authorisation(second, at=now + 2 * MINUTE, **by)
    assert not SchoolAuthorisation.objects.filter(ends_at=None).exists()


def test_held_back_until_released(cast, danish, now):
    amina = cast.actor("amina")
    quarantine(danish, cause="incident", actor=amina, at=now)
    assert load_child_facts(danish).quarantined
    release(danish, actor=amina, at=now + MINUTE)
    assert not load_child_facts(danish).quarantined
    assert load_child_facts(danish, past=now).quarantined
    with pytest.raises(NotInQuarantine):
        release(danish, actor=amina, at=now + MINUTE)
    with pytest.raises(NotAllowed):
        quarantine(danish, cause="incident", actor=cast.actor("farah"), at=now)


def test_a_client_declares_its_mechanism_and_the_earlier_ends(cast, indus, now):
    told = {"kind": "consent", "description": "Forms on paper.", "actor": cast.actor("farah")}
    first = declare_mechanism(indus.id, reference="SOP 4", at=now, **told)
    declare_mechanism(indus.id, reference="SOP 5", at=now + MINUTE, **told)
    first.refresh_from_db()
    assert first.ends_at == now + MINUTE
    with pytest.raises(ValidationError):
        declare_mechanism(indus.id, reference=" ", at=now, **told)


def test_a_decision_about_the_past_uses_the_facts_of_that_time(cast, danish, esra, omar, now):
    refuser(cast, danish, esra, omar, now)
    row = Guardianship.objects.get(guardian=esra)
    changed(cast, row, now + MINUTE, may_consent=False)
    at = now + MINUTE - timedelta(seconds=1)
    assert load_child_facts(danish, past=at).standing(at).persons == {esra.pk, omar.pk}
    assert state_of(danish, now + MINUTE).persons == {omar.pk}
    early = now - timedelta(seconds=1)
    assert load_child_facts(danish, past=early).standing(early).state is None
