"""Every state that can be forced results in the expected reason."""

from datetime import date

import pytest

from consent.consents.models import ConsentEvent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.sandbox.services.forcing import STATES
from tests.api.callers import Caller
from tests.factories import SubjectFactory
from tests.faults.size import IS_DEEP

ADDRESS = "/api/v1/sandbox/state"


def force(sandbox, state, subject="lms-zoya", **more):
    answer = sandbox.caller.post(ADDRESS, {"subject": subject, "state": state, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("state", STATES)
def test_the_next_question_is_answered_as_promised(sandbox, state):
    told = force(sandbox, state)
    asked = sandbox.caller.ask("lms-zoya", told["purpose"])
    assert asked["context"]["reason"] == told["reason"] == STATES[state].reason
    assert asked["decision"] == told["decision"] == (STATES[state].reason == "permitted")


UNHEARD = {"age_unknown", "child", "guardian_pending"}
"""A person who has had a guardian's answer is never without one again."""
OF_GUARDIANS = ("guardian_refused", "guardian_lapsed", "quarantined")
OF_ALL = ("restricted", "account_closed", "agreement_ended", "consent_withdrawn", "purpose_inactive", "not_instructed")


def states_before(state, *, every):
    """The states that conflict most with a state; with ``every``, all that conflict with it."""
    of_person = () if state in UNHEARD else OF_GUARDIANS
    return (*of_person, *OF_ALL) if every else ((*of_person, *OF_ALL)[0], "agreement_ended")


def test_what_cannot_be_unsaid_is_said_so(sandbox):
    force(sandbox, "guardian_refused")
    answer = sandbox.caller.post(ADDRESS, {"subject": "lms-zoya", "state": "child"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:paktaleem:problem:state-not-reached"
    assert force(sandbox, "guardian_authorised")["decision"]
    assert force(sandbox, "child", "lms-another")["reason"] == "guardian_consent_required"


@pytest.mark.parametrize("state", [state for state in STATES if state != "erased"])
def test_any_state_leads_to_any_other(sandbox, state):
    """Twice, after the states that conflict most with it; after all of them in `make test-deep`."""
    for before in states_before(state, every=IS_DEEP):
        force(sandbox, before)
        told = force(sandbox, state)
        assert sandbox.caller.reason("lms-zoya", told["purpose"]) == STATES[state].reason
    told = force(sandbox, state)
    assert sandbox.caller.reason("lms-zoya", told["purpose"]) == STATES[state].reason


@pytest.mark.parametrize("before", [*OF_GUARDIANS, *OF_ALL])
def test_whatever_came_before_leads_on(sandbox, before):
    force(sandbox, before)
    told = force(sandbox, "guardian_authorised")
    assert sandbox.caller.reason("lms-zoya", told["purpose"]) == "permitted"


def test_they_come_about_through_services_with_the_sandbox_as_actor(sandbox):
    force(sandbox, "consent_revoked")
    with in_client(sandbox.id):
        states = list(ConsentEvent.objects.order_by("recorded_at").values_list("state", "actor_role"))
        assert states == [("given", "sandbox"), ("revoked", "sandbox")]
        assert Entry.objects.filter(kind="consent.revoked", actor_role="sandbox").count() == 1
        assert Entry.objects.filter(kind="subject.registered", actor_role="sandbox").count() == 1


def test_a_state_of_a_registered_person_changes_what_it_needs(sandbox):
    with in_client(sandbox.id):
        SubjectFactory(client=sandbox.client, external_id="lms-zoya", birth_date=date(2017, 1, 1), full_name="Zoya")
    assert sandbox.caller.reason("lms-zoya", "support") == "guardian_consent_required"
    force(sandbox, "consent_given")
    assert sandbox.caller.reason("lms-zoya", "newsletter") == "permitted"
    with in_client(sandbox.id):
        assert Subject.objects.get(external_id="lms-zoya").full_name is not None


def test_others_are_as_they_were(cast, sandbox):
    before = Caller(cast.key("indus")).reason("lms-junaid", "support")
    force(sandbox, "agreement_suspended")
    assert sandbox.caller.reason("p-adult", "support") == "agreement_suspended"
    assert Caller(cast.key("indus")).reason("lms-junaid", "support") == before == "permitted"
    force(sandbox, "agreement_active")
    assert sandbox.caller.reason("p-adult", "support") == "permitted"


def test_who_was_erased_stays_so(sandbox):
    force(sandbox, "erased")
    answer = sandbox.caller.post(ADDRESS, {"subject": "lms-zoya", "state": "child"})
    assert answer.status_code == 409
    assert sandbox.caller.reason("lms-zoya", "support") == "subject_erased"


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"subject": "x", "state": "happy"}, 400, "state"),
        ({"state": "child"}, 400, "subject"),
        ({"subject": "a@b", "state": "child"}, 400, "#/subject"),
        ({"subject": "x", "state": "consent_given", "purpose": "support"}, 400, "newsletter"),
        ({"subject": "x", "state": "consent_given", "purpose": "nowhere"}, 404, "purpose-unknown"),
        ({"subject": "x", "state": "purpose_inactive", "purpose": "support"}, 400, "newsletter"),
        ({"subject": "x", "state": "child", "colour": "green"}, 400, "colour"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(sandbox, body, status, named):
    answer = sandbox.caller.post(ADDRESS, body)
    assert answer.status_code == status, answer.content
    assert named in answer.content.decode()
    with in_client(sandbox.id):
        assert not Subject.objects.filter(external_id="x").exists()
