"""Two guardians and one purpose: a refusal overrides consent, and only a guardian with authority can consent."""

from datetime import timedelta
from functools import partial

import pytest

from children.guardians.models.guardians import Guardianship
from children.guardians.models.mechanisms import GuardianChange, GuardianConflict
from children.guardians.services.guardians import change_guardian, end_guardian
from consent.consents.models import Consent, ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import EvaluationRequest, decide_with_key
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import make_guardian, record_answer, verified_guardian
from tests.factories import SETTING_UP
from tests.showing import shown

MINUTE = timedelta(minutes=1)


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
    with in_client(cast.client_id("indus")):
        assert GuardianConflict.objects.get(closed_at=None).purpose_code == "newsletter"
    say(cast, both["omar"], "given", now + 3 * MINUTE)
    assert reason(cast, now + 3 * MINUTE) == "permitted"
    assert reason(cast, now + 2 * MINUTE, now=now + 3 * MINUTE) == "consent_refused"
    with in_client(cast.client_id("indus")):
        assert not GuardianConflict.objects.filter(closed_at=None).exists()


def test_ending_the_one_who_said_no_to_a_purpose_waits_for_a_second_person(cast, now, both):
    say(cast, both["omar"], "refused", now)
    with in_client(cast.client_id("indus")):
        row = Guardianship.objects.get(guardian=both["omar"])
        assert isinstance(end_guardian(row, actor=cast.actor("farah"), at=now + MINUTE), GuardianChange)


def test_the_consent_of_a_guardian_without_authority_no_longer_counts(cast, now, both):
    say(cast, both["esra"], "given", now)
    with in_client(cast.client_id("indus")):
        row = Guardianship.objects.get(guardian=both["esra"])
        change_guardian(row, changes={"court_order": True}, actor=cast.actor("farah"), at=now + MINUTE)
        assert Consent.objects.get().state == "given"
    assert reason(cast, now + MINUTE) == "consent_not_by_guardian"
    assert reason(cast, now, now=now + MINUTE) == "permitted"
