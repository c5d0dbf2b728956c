"""The guardian who gave a consent is stored with its state, in the same statement."""

import pytest
from django.db import IntegrityError, transaction

from consent.consents.models import Consent, ConsentState, GivenBy, Method
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from paktaleem.foundation.tenancy.context import in_client
from tests.showing import shown


@pytest.fixture
def given(cast, now):
    indus = cast.client_id("indus")
    with in_client(indus):
        record_answers(
            cast.subject("danish"),
            answers=[Answer("newsletter", ConsentState.GIVEN)],
            shown=shown(indus, now),
            given_by=GivenBy.GUARDIAN,
            guardian=cast.subject("esra"),
            actor=cast.key_actor("indus"),
            at=now,
        )
        yield Consent.objects.get(subject=cast.subject_id("danish"))


def test_the_guardian_who_gave_it_is_kept(cast, given):
    assert (given.state, given.guardian_id) == ("given", cast.subject_id("esra"))


def test_a_later_answer_by_staff_names_no_guardian(cast, given, now):
    withdraw_consent(
        cast.subject("danish"),
        purpose="newsletter",
        given_by=GivenBy.STAFF,
        method=Method.PHONE,
        actor=cast.actor("farah"),
        at=now,
    )
    after = Consent.objects.get(pk=given.pk)
    assert (after.state, after.given_by, after.guardian_id) == ("withdrawn", "staff", None)


@pytest.mark.parametrize("who", ["", "kiran"], ids=["no-guardian", "another-clients"])
def test_the_database_refuses_a_guardian_who_is_none(cast, given, who):
    guardian = cast.subject_id(who) if who else None
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=given.pk).update(guardian=guardian)
