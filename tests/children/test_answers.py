"""Answers of guardians about the service, and attempts by children and strangers to give them."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from children.guardians.authority import EvidenceRequired
from children.guardians.models.guardians import ServiceAuthorisation
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
from children.guardians.services.verifications import record_verification
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.models import Entry
from tests.children.guardians import guardian_of, make_guardian, record_answer, verified_guardian
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory

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


def test_mail_or_text_alone_opens_the_inside_and_never_recipients(danish, esra, now):
    row = guardian_of(danish, esra, at=now)
    record_verification(row, method="email_plus", kept={}, actor=SETTING_UP, reason="subject_request", at=now)
    with pytest.raises(TooWeakToShare):
        record_answer(danish, esra, "given", shares=True, at=now)
    record_answer(danish, esra, "given", shares=None, at=now)
    found = load_child_facts(danish).standing(now)
    assert (found.state, found.strength, found.may_share) == ("given", 1, False)


def test_what_is_not_there_is_not_withdrawn_nor_claimed_from_the_future(danish, esra, now):
    verified_guardian(danish, esra, at=now)
    with pytest.raises(NoConsentGiven):
        record_answer(danish, esra, "withdrawn", at=now)
    with pytest.raises(AnswerInFuture):
        record_answer(danish, esra, "given", claimed_at=now + MINUTE, at=now)


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_the_wrong_role_records_no_answer(cast, danish, esra, now, actor):
    verified_guardian(danish, esra, at=now)
    with pytest.raises(NotAllowed):
        record_service_answer(danish, guardian=esra, decision="refused", route="phone", actor=cast.actor(actor), at=now)


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
