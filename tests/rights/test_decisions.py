"""Deciding, carrying out, answering and closing a rights request."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from consent.agreements.services import end_agreement
from consent.consents.models import Consent, ConsentEvent, ConsentState, Objection, Restriction
from consent.consents.services.recording import Answer, record_answers
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.services import record_call
from rights.packages.services import end_due_packages, request_package
from rights.rectifications.services import Statement, add_correction
from rights.requests.letters import compose_answer
from rights.requests.models import RequestStep, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import (
    AlreadyDecided,
    add_note,
    assign_request,
    decide_part,
    read_notes,
    route_part,
)
from rights.requests.services.intake import (
    ContactTooNew,
    assign_person,
    confirm_own_request,
    deny_own_request,
    receive_request,
    verify_identity,
)
from rights.requests.services.steps import RequestEnded, list_parts
from tests.consent.making import shown
from tests.factories import SETTING_UP, SubjectFactory
from tests.rights.cases import AT, DAY, decided, naming, own, part_of, received, refused_to
from tests.rights.packing import build, fetched


def test_the_client_decides_its_part_and_an_officer_paktaleems(cast, indus):
    request = received(cast, "access")
    farah, amina = cast.actor("farah"), cast.actor("amina")
    for decider, wrong in (("client", amina), ("paktaleem", farah)):
        with pytest.raises(NotAllowed, match="Only the controller"):
            decide_part(part_of(request, decider), decision="granted", actor=wrong, at=AT)
    decide_part(part_of(request), decision="granted", actor=farah, at=AT)
    request.refresh_from_db()
    assert request.state == "in_review"
    with pytest.raises(AlreadyDecided):
        decide_part(part_of(request), decision="granted", actor=farah, at=AT)
    refused_to(cast, "bilal sana celia", decide_part, part_of(request, "paktaleem"), decision="granted", at=AT)


def test_an_officer_decides_for_a_client_whose_agreement_has_ended(cast, indus):
    request, amina = received(cast, "access"), cast.actor("amina")
    agreement = ServiceAgreement.objects.get(client_id=cast.client_id("indus"))
    end_agreement(agreement, actor=amina, reason=Reason.AGREEMENT_CHANGE, at=AT)
    with pytest.raises(Refused, match="already decides about this right"):
        route_part(part_of(request), decider="paktaleem", actor=amina, at=AT)
    decide_part(part_of(request), decision="granted", actor=amina, at=AT)
    assert part_of(request).decided_by == amina.id


def second_officer(cast):
    return user_actor(cast.user_id("bilal"), "privacy_officer", PAKTALEEM)


def test_access_orders_every_system_once_and_closes_when_all_have_answered(cast, indus):
    request = decided(cast, received(cast, "access", "portability"))
    orders = list(Order.objects.filter(parent_kind="rights_request", parent_id=request.pk))
    assert sorted(order.system.code for order in orders) == ["billing", "lms"], "once each, for four parts"
    assert {(order.kind, order.due_at) for order in orders} == {("collect", request.due_at)}
    assert request.state == "executing"
    farah = cast.actor("farah")
    with pytest.raises(Refused, match="Answer the person first"):
        close_request(request, actor=farah, at=AT)
    waive(cast, request)
    assert RequestStep.objects.filter(request=request, kind="orders_answered").count() == 1
    build(request)
    answer_request(request, text="Here is your data.", actor=farah, at=AT)
    later = AT + 14 * DAY
    end_due_packages(request.client_id, actor=SETTING_UP, at=later)
    request_package(request, left_out=[], actor=farah, at=later)
    with pytest.raises(Refused, match="A system has not answered yet, and was not"):
        close_request(request, actor=farah, at=later)
    waive(cast, request)
    build(request, at=later)
    fetched(cast, request, at=later)
    closed = close_request(request, actor=farah, at=later)
    assert (closed.state, closed.closed_at) == ("closed", later)
    with pytest.raises(RequestEnded):
        close_request(request, actor=farah, at=later)


def waive(cast, request):
    for order in Order.objects.open().filter(parent_id=request.pk):
        propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason=Reason.REVIEW, at=AT)
        approve_waiver(order, actor=second_officer(cast), at=AT)


def test_a_refusal_has_a_code_and_reasons_and_its_answer_is_kept(cast, indus):
    request = received(cast, "erasure", purposes=["newsletter"])
    part, farah = part_of(request), cast.actor("farah")
    for given, field in (
        ({"decision": "refused", "reasons": "No."}, "refusal_code"),
        ({"decision": "refused", "refusal_code": "excessive", "reasons": " "}, "reasons"),
        ({"decision": "granted", "refusal_code": "excessive"}, "refusal_code"),
    ):
        details = given
        with naming(field):
            decide_part(part, **details, actor=farah, at=AT)
    with pytest.raises(Refused, match="Not every right is decided"):
        answer_request(request, text="Wait.", actor=farah, at=AT)
    decided(cast, request, "refused", refusal_code="legal_obligation", reasons="The law.")
    answer_request(request, text="We must keep it.", actor=farah, at=AT)
    request.refresh_from_db()
    assert (request.state, request.answered_at) == ("responded", AT)
    assert open_text(request, row=request, field="answer") == "We must keep it."
    assert open_text(request, row=part_of(request), field="reasons") == "The law."
    assert Letter.objects.get(kind="rights_answer").subject_id == cast.subject_id("hamza")
    with pytest.raises(AlreadyAnswered):
        answer_request(request, text="Twice.", actor=farah, at=AT)
    assert close_request(request, actor=farah, at=AT).state == "closed"


def test_nothing_is_granted_before_the_identity_is_verified_but_a_refusal_may_say_so(cast, indus):
    request = received(cast, "erasure", purposes=["newsletter"], identity="", channel="form")
    farah = cast.actor("farah")
    with pytest.raises(Refused, match="Verify the identity first"):
        decide_part(part_of(request), decision="granted", actor=farah, at=AT)
    refused = {"refusal_code": "identity_not_verified", "reasons": "You did not answer."}
    request = decided(cast, request, "refused", **refused)
    assert request.state == "refused"
    answer_request(request, text="You did not answer.", actor=farah, at=AT)
    assert not Letter.objects.filter(kind="rights_answer").exists(), "nothing is sent to a person who is not verified"


def test_a_restriction_that_is_partly_granted_says_for_which_purposes_and_restricts_no_other(cast, indus):
    request = received(cast, "restriction", purposes=["newsletter", "product_research"])
    part, told = part_of(request), {"refusal_code": "outside_scope", "reasons": "Not accurate enough."}
    by = {**told, "decision": "partly", "actor": cast.actor("farah"), "at": AT}
    for wrong in ([], ["newsletter", "product_research"], ["service_delivery"]):
        with naming("granted"), transaction.atomic():
            decide_part(part, granted=wrong, **by)
    with pytest.raises(ValidationError), transaction.atomic():
        decide_part(part, **{**by, "decision": "granted", "refusal_code": ""}, granted=["newsletter"])
    decide_part(part, granted=["newsletter"], **by)
    assert list(Restriction.objects.values_list("purpose_code", flat=True)) == ["newsletter"]
    assert "Granted for these purposes only: Newsletter." in compose_answer(request)


def test_an_objection_that_is_partly_granted_says_for_which_of_its_purposes(cast, indus):
    part = part_of(received(cast, "objection", purposes=["platform_improvement"]), "paktaleem")
    by = {"refusal_code": "legal_obligation", "reasons": "A law.", "decision": "partly"}
    with naming("granted"), transaction.atomic():
        decide_part(part, **by, actor=cast.actor("amina"), at=AT)
    assert not Objection.objects.exists()


def test_an_objection_without_legitimate_interest_is_only_refused_as_outside_scope(cast, indus):
    request = received(cast, "objection", purposes=["service_delivery"])
    with pytest.raises(Refused, match="These purposes are not based on legitimate"):
        decide_part(part_of(request), decision="granted", actor=cast.actor("farah"), at=AT)
    assert not Objection.objects.exists()
    refused = {"refusal_code": "outside_scope", "reasons": "It is needed for the contract."}
    assert decided(cast, request, "refused", **refused).state == "refused"
    assert not Objection.objects.exists()


def given_consent(cast, name="junaid"):
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    told: dict[str, Any] = {"shown": shown(cast.client_id("indus"), AT), "actor": SETTING_UP, "at": AT}
    record_answers(cast.subject(name), answers=answers, **told)


def test_a_verified_withdrawal_is_in_effect_at_once_without_a_decision_of_staff(cast, indus):
    given_consent(cast)
    request = received(cast, "withdrawal", subject="junaid", at=AT + DAY)
    assert request.state == "approved"
    assert Consent.objects.get(subject=cast.subject_id("junaid")).state == "withdrawn"


@pytest.mark.parametrize(
    ("channel", "method"),
    [("form", "web"), ("own_page", "web"), ("api", "lms"), ("client", "console"), ("telephone", "phone")],
)
def test_a_withdrawal_is_recorded_with_the_way_in_which_it_was_made(cast, indus, channel, method):
    given_consent(cast)
    received(cast, "withdrawal", subject="junaid", channel=channel, at=AT + DAY)
    assert ConsentEvent.objects.get(subject=cast.subject_id("junaid"), state="withdrawn").method == method


def test_an_unverified_withdrawal_waits_until_the_person_confirms_it(cast, indus):
    given_consent(cast)
    request = received(cast, "withdrawal", subject="junaid", identity="", channel="form", at=AT + DAY)
    assert Consent.objects.get(subject=cast.subject_id("junaid")).state == "given"
    confirm_own_request(request, by_code=True, actor=own(cast, "junaid"), at=AT + DAY)
    assert Consent.objects.get(subject=cast.subject_id("junaid")).state == "withdrawn"


def test_a_withdrawal_of_an_unknown_person_is_about_the_consents_of_the_person_found(cast, indus):
    given_consent(cast)
    request = received(cast, "withdrawal", subject=None, channel="form", at=AT + DAY)
    assert [part.purposes for part in list_parts(request)] == [[]]
    assign_person(request, subject=cast.subject("junaid"), actor=cast.actor("amina"), at=AT + DAY)
    verify_identity(request, actor=cast.actor("farah"), at=AT + DAY)
    assert Consent.objects.get(subject=cast.subject_id("junaid")).state == "withdrawn"


def test_an_officer_passes_a_part_to_the_other_controller(cast, indus):
    request = received(cast, "complaint")
    with pytest.raises(NotAllowed):
        route_part(part_of(request, "paktaleem"), decider="client", actor=cast.actor("farah"), at=AT)
    route_part(part_of(request, "paktaleem"), decider="client", actor=cast.actor("amina"), at=AT)
    request.refresh_from_db()
    assert request.state == "with_client"


def test_a_request_of_an_erased_person_is_closed_without_an_answer(cast, indus):
    request, amina = received(cast, "access", "erasure"), cast.actor("amina")
    with pytest.raises(Refused, match="Answer the person first"):
        close_request(request, actor=amina, at=AT)
    erase_subject(cast.subject("hamza"), actor=amina, reason=Reason.SUBJECT_REQUEST, at=AT)
    closed = close_request(request, actor=amina, at=AT)
    assert (closed.state, closed.closed_at, closed.answered_at) == ("closed", AT, None)
    assert RequestStep.objects.get(request=request, kind="closed").facts == {"outcome": None}


def test_the_person_alone_confirms_or_denies_and_a_new_contact_proves_nothing(cast, indus):
    request = received(cast, "access", identity="", channel="form")
    hamza = own(cast)
    with pytest.raises(NotAllowed):
        confirm_own_request(request, by_code=True, actor=own(cast, "esra", "hamza"), at=AT)
    changed = {"email": "new.hamza@mail.example", "phone": "+923007654321"}
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=AT)
    with pytest.raises(ContactTooNew):
        confirm_own_request(request, by_code=True, actor=hamza, at=AT + timedelta(hours=71))
    with pytest.raises(ContactTooNew):
        record_call(request, outcome="reached", actor=cast.actor("amina"), at=AT + timedelta(hours=71))
    confirmed = confirm_own_request(request, by_code=True, actor=hamza, at=AT + timedelta(hours=72))
    assert (confirmed.identity_method, confirmed.state) == ("code", "with_client")
    denied = received(cast, "access", identity="", channel="form")
    assert deny_own_request(denied, by_code=True, actor=hamza, at=AT).state == "withdrawn"


def test_a_contact_of_a_person_who_was_registered_today_proves_nothing_yet(cast, indus):
    client = cast.client("indus")
    new = SubjectFactory(client=client, external_id="lms-new", email="new@mail.example", at=AT)
    actor = person_actor(new.pk, client.pk, acts_for=new.pk)
    given: dict[str, Any] = {"channel": "form", "language": "en", "actor": SETTING_UP, "at": AT}
    request = receive_request(client, kinds=["access"], subject=new, **given)
    with pytest.raises(ContactTooNew):
        confirm_own_request(request, by_code=True, actor=actor, at=AT + timedelta(hours=71))
    assert confirm_own_request(request, by_code=False, actor=actor, at=AT).identity_method == "lms"


def test_duplicates_continue_in_the_earlier_one_with_its_clock_and_without_its_identity(cast, indus):
    amina = cast.actor("amina")
    first = received(cast, "access", identity="", channel="form")
    later = received(cast, "access", "rectification", at=AT + 3 * DAY)
    kept = link_duplicate(later, other=first, actor=amina, at=AT + 4 * DAY)
    later.refresh_from_db()
    assert (kept.pk, kept.due_at, kept.state) == (first.pk, AT + 30 * DAY, "identity_pending")
    assert (later.state, later.duplicate_of_id) == ("duplicate", first.pk)
    assert {part.kind for part in list_parts(kept)} == {"access", "rectification"}


@pytest.mark.parametrize(("other", "together"), [(["service_delivery"], None), ([], [])])
def test_the_purposes_of_a_duplicate_are_taken_over_too(cast, indus, other, together):
    first = received(cast, "erasure", purposes=["newsletter"])
    later = received(cast, "erasure", purposes=other, at=AT + DAY)
    kept = link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT + DAY)
    assert part_of(kept).purposes == (["newsletter", *other] if together is None else together)


def test_an_unverified_or_decided_request_takes_over_neither_purposes_nor_rights(cast, indus):
    amina = cast.actor("amina")
    verified = received(cast, "restriction", purposes=["newsletter"])
    forged = received(cast, "restriction", identity="", channel="form", at=AT + DAY)
    other_right = received(cast, "erasure", identity="", channel="form", at=AT + DAY)
    for later in (forged, other_right):
        with pytest.raises(Refused, match="The later request is not verified and asks"):
            link_duplicate(later, other=verified, actor=amina, at=AT + DAY)
    with pytest.raises(NotAllowed):
        link_duplicate(forged, other=verified, actor=cast.actor("farah"), at=AT + DAY)
    decided(cast, verified)
    later = received(cast, "restriction", purposes=["service_delivery"], at=AT + DAY)
    with pytest.raises(AlreadyDecided):
        link_duplicate(later, other=verified, actor=amina, at=AT + DAY)


def test_requests_are_linked_only_if_their_stored_persons_are_the_same(cast, indus):
    amina = cast.actor("amina")
    first, later = received(cast), received(cast, identity="", channel="form", at=AT + DAY)
    assign_person(RightsRequest.objects.get(pk=later.pk), subject=cast.subject("junaid"), actor=amina, at=AT + DAY)
    with pytest.raises(Refused, match="same person"):
        link_duplicate(later, other=first, actor=amina, at=AT + DAY)


def test_a_code_to_a_new_contact_ends_no_verified_request_and_an_answered_one_cannot_be_ended(cast, indus):
    request, hamza = received(cast, "rectification"), own(cast)
    changed = {"email": "new.hamza@mail.example"}
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=AT)
    with pytest.raises(ContactTooNew):
        deny_own_request(request, by_code=True, actor=hamza, at=AT + DAY)
    add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi"), actor=cast.actor("farah"), at=AT)
    decided(cast, request)
    answer_request(request, text="Corrected.", actor=cast.actor("farah"), at=AT + DAY)
    with pytest.raises(AlreadyAnswered):
        deny_own_request(request, by_code=False, actor=hamza, at=AT + 4 * DAY)


def test_notes_are_sealed_and_requests_are_assigned(cast, indus):
    request, farah = received(cast), cast.actor("farah")
    add_note(request, text="Called them.", actor=farah, at=AT)
    assert read_notes(request, actor=farah) == [(AT, "client_admin", "Called them.")]
    assigned = assign_request(request, assignee=cast.user("farah"), actor=farah, at=AT)
    assert assigned.assignee_id == cast.user_id("farah")
    with pytest.raises(ValidationError):
        add_note(request, text=" ", actor=farah, at=AT)
