"""Rectification: what is stated, the change here, the orders to systems, the second person, and the recipients."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.services.issuing import new_values_of
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import AccessRecord, AgeChange
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import register_subject, reveal_fields
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from rights.rectifications.models import CorrectedValue, Correction, RecipientNotice
from rights.rectifications.selectors import list_corrected_fields, list_notices, read_texts
from rights.rectifications.services import (
    NoRectification,
    Statement,
    TooManyCorrections,
    add_correction,
    correct_person,
    record_informed,
    refuse_correction,
)
from rights.requests.letters import compose_answer
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import ContactTooNew, confirm_own_request
from tests.rights.cases import (
    AT,
    DAY,
    approve_recipient,
    asked_by_guardian,
    naming,
    own,
    part_of,
    received,
    refused_to,
    verified,
)

NAME = Statement(field="full_name", old_value="Hamza Lodi", new_value="Hamza Lodhi Khan", evidence="My certificate.")


def granted(cast, request, decision="granted", **given):
    decide_part(part_of(request), decision=decision, actor=cast.actor("farah"), at=AT, **given)
    request.refresh_from_db()
    return request


def stored(cast, field, name="hamza"):
    told = {"actor": cast.actor("amina"), "reason": Reason.REVIEW, "at": AT}
    return reveal_fields(cast.subject(name), fields=[field], **told)[field]


def done_by_lms(cast, order, *fields):
    key = cast.key_actor("indus")
    accepted = accept_order(order, actor=key, at=AT)
    values = new_values_of(accepted, actor=key, at=AT)
    complete_order(accepted, Answer(Outcome.DONE, corrected=tuple(fields)), actor=key, at=AT)
    return values


def test_a_granted_correction_changes_the_person_and_orders_every_system_that_holds_it(cast, indus):
    request = received(cast, "rectification")
    add_correction(request, NAME, actor=cast.actor("farah"), at=AT)
    assert stored(cast, "full_name") != "Hamza Lodhi Khan"
    granted(cast, request)
    assert stored(cast, "full_name") == "Hamza Lodhi Khan"
    orders = list(Order.objects.filter(parent_kind="rights_request", parent_id=request.pk).select_related("system"))
    assert {(one.system.code, one.kind, *one.fields) for one in orders} == {
        ("billing", "correct", "full_name"),
        ("lms", "correct", "full_name"),
    }
    assert request.state == "executing"
    assert Correction.objects.get().state == "made"
    [value] = CorrectedValue.objects.all()
    assert (value.field, value.request_id, value.applied_at) == ("full_name", request.pk, AT)


def test_the_new_values_are_read_by_the_system_only_and_the_reading_is_recorded(cast, indus):
    request = received(cast, "rectification")
    add_correction(request, NAME, actor=cast.actor("farah"), at=AT)
    granted(cast, request)
    order = Order.objects.get(system__code="lms")
    assert b"Khan" not in bytes(order.new_values.ciphertext)
    assert done_by_lms(cast, order, "full_name") == {"full_name": "Hamza Lodhi Khan"}
    assert AccessRecord.objects.filter(fields__contains=f"order {order.pk}", actor_kind="api_key").count() == 1
    order.refresh_from_db()
    assert order.new_values is None, "deleted with the answer"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"field": "role", "new_value": "instructor"}, "field"),
        ({"field": "email", "new_value": "no address"}, "new_value"),
        ({"field": "birth_date", "new_value": "yesterday"}, "new_value"),
        ({"field": "birth_date", "new_value": "2100-01-01"}, "new_value"),
        ({"field": "attested_age", "new_value": "twelve"}, "new_value"),
        ({"field": "attested_age", "new_value": "300"}, "new_value"),
        ({"field": "country", "new_value": "Pakistan"}, "new_value"),
        ({"field": "language", "new_value": "fr"}, "new_value"),
        ({"field": "full_name", "new_value": " "}, "new_value"),
        ({"field": "full_name", "new_value": "x" * 301}, "new_value"),
        ({"field": "full_name", "new_value": "A", "about": "x"}, "about"),
        ({"field": "full_name", "new_value": "A", "category": "content"}, "category"),
        ({"field": "full_name", "new_value": "A", "evidence": "x" * 2001}, "evidence"),
        ({"field": "other", "new_value": "B"}, "about"),
        ({"field": "other", "new_value": "", "about": "Mark"}, "new_value"),
        ({"field": "other", "new_value": "B", "about": "Mark", "category": "none_such"}, "category"),
    ],
)
def test_a_wrong_statement_names_its_field_and_is_not_stored(cast, indus, given, wrong):
    request = received(cast, "rectification")
    with naming(wrong):
        add_correction(request, Statement(**given), actor=cast.actor("farah"), at=AT)
    assert not Correction.objects.exists()


def test_single_corrections_are_refused_with_reasons_and_the_rest_is_granted_partly(cast, indus):
    request, farah = received(cast, "rectification"), cast.actor("farah")
    with pytest.raises(ValidationError, match="Write down first"):
        granted(cast, request)
    add_correction(request, NAME, actor=farah, at=AT)
    email = Statement(field="email", new_value="hamza.new@mail.example")
    wrong = add_correction(request, email, actor=farah, at=AT)
    partly = {"refusal_code": "no_match", "reasons": "The address is not yours."}
    with pytest.raises(ValidationError, match="Refuse the corrections"):
        granted(cast, request, "partly", **partly)
    with pytest.raises(ValidationError):
        refuse_correction(wrong, reasons=" ", actor=farah, at=AT)
    with pytest.raises(NotAllowed, match="Only the controller"):
        refuse_correction(wrong, reasons="No.", actor=cast.actor("amina"), at=AT)
    refuse_correction(wrong, reasons="Another person has this address.", actor=farah, at=AT)
    with pytest.raises(Refused, match="already made or refused"):
        refuse_correction(wrong, reasons="No.", actor=farah, at=AT)
    with pytest.raises(ValidationError, match="grant it partly"):
        granted(cast, request)
    granted(cast, request, "partly", **partly)
    assert stored(cast, "full_name") == "Hamza Lodhi Khan"
    assert stored(cast, "email") == "hamza.lodhi@students.example"
    draft = compose_answer(request)
    assert "Full name: corrected." in draft
    assert "Email address: not corrected. Another person has this address." in draft
    assert "Khan" not in draft
    with pytest.raises(NoRectification):
        add_correction(request, NAME, actor=farah, at=AT)


def test_of_two_corrections_of_one_field_staff_refuse_one_before_the_other_is_made(cast, indus):
    request, farah = received(cast, "rectification"), cast.actor("farah")
    mistyped = add_correction(request, Statement(field="full_name", new_value="Hamza Khna"), actor=farah, at=AT)
    add_correction(request, NAME, actor=farah, at=AT)
    with pytest.raises(ValidationError, match="the same field"):
        granted(cast, request)
    refuse_correction(mistyped, reasons="The later one is made.", actor=farah, at=AT)
    granted(cast, request, "partly", refusal_code="no_match", reasons="Stated twice.")
    assert stored(cast, "full_name") == "Hamza Lodhi Khan"
    assert compose_answer(request).count("Full name: corrected.") == 1


def test_a_correction_outside_the_fields_is_ordered_in_words_by_its_category(cast, indus):
    request = received(cast, "rectification")
    words = {"about": "Mark in Algebra", "old_value": "C", "new_value": "B", "category": "usage_logs"}
    add_correction(request, Statement(field="other", **words), actor=cast.actor("farah"), at=AT)
    granted(cast, request)
    orders = Order.objects.filter(parent_id=request.pk)
    assert {tuple(one.fields) for one in orders} == {("in_words_1",)}
    lms = orders.get(system__code="lms")
    assert lms.categories == ["usage_logs"]
    assert done_by_lms(cast, lms, "in_words_1") == {"in_words_1": "Mark in Algebra: B (not: C)"}


def test_an_age_that_would_let_a_child_decide_waits_for_a_second_person_and_so_do_its_orders(cast, indus):
    request, farah = received(cast, "rectification", subject="danish"), cast.actor("farah")
    before = stored(cast, "birth_date", "danish")
    add_correction(request, Statement(field="birth_date", new_value="2005-01-31"), actor=farah, at=AT)
    granted(cast, request)
    assert stored(cast, "birth_date", "danish") == before
    assert not Order.objects.filter(parent_id=request.pk).exists()
    assert "once a second person has confirmed it" in compose_answer(request)
    answer_request(request, text="It is being checked.", actor=farah, at=AT)
    with pytest.raises(ValidationError, match="still waits"):
        close_request(request, actor=farah, at=AT)
    settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=AT)
    assert stored(cast, "birth_date", "danish") == "2005-01-31"
    assert CorrectedValue.objects.get().applied_at == AT
    order = Order.objects.get(parent_id=request.pk, system__code="lms")
    assert done_by_lms(cast, order, "birth_date") == {"birth_date": "2005-01-31"}


def test_a_declined_age_changes_nothing_and_orders_nothing(cast, indus):
    request, farah = received(cast, "rectification", subject="danish"), cast.actor("farah")
    add_correction(request, Statement(field="birth_date", new_value="2005-01-31"), actor=farah, at=AT)
    granted(cast, request)
    settle_age_change(AgeChange.objects.get(), approve=False, actor=cast.actor("amina"), at=AT)
    assert not Order.objects.filter(parent_id=request.pk).exists()
    assert CorrectedValue.objects.get().applied_at is None
    answer_request(request, text="It could not be confirmed.", actor=farah, at=AT)
    assert close_request(request, actor=farah, at=AT).state == "closed"


def test_an_age_that_shows_a_child_takes_effect_at_once(cast, indus):
    request = received(cast, "rectification", subject="hamza")
    add_correction(request, Statement(field="birth_date", new_value="2015-05-05"), actor=cast.actor("farah"), at=AT)
    granted(cast, request)
    assert stored(cast, "birth_date") == "2015-05-05"
    assert not AgeChange.objects.exists()


def test_a_corrected_contact_proves_nothing_for_72_hours(cast, indus):
    request, farah = received(cast, "rectification"), cast.actor("farah")
    add_correction(request, Statement(field="email", new_value="thief@mail.example"), actor=farah, at=AT)
    granted(cast, request)
    erasure = received(cast, "erasure", identity="", channel="form", purposes=["newsletter"])
    with pytest.raises(ContactTooNew):
        confirm_own_request(erasure, by_code=True, actor=own(cast), at=AT + 2 * DAY)
    confirm_own_request(erasure, by_code=True, actor=own(cast), at=AT + 4 * DAY)


def test_a_rectification_is_closed_only_once_every_recipient_is_informed(cast, indus):
    host = approve_recipient(cast)
    request, farah = received(cast, "rectification"), cast.actor("farah")
    add_correction(request, NAME, actor=farah, at=AT)
    granted(cast, request)
    done_by_lms(cast, Order.objects.get(system__code="lms"), "full_name")
    billing = Order.objects.get(system__code="billing")
    carry_out_by_hand(billing, Answer(Outcome.NOT_FOUND), actor=cast.actor("amina"), at=AT)
    answer_request(request, text="Corrected.", actor=farah, at=AT)
    [notice] = RecipientNotice.objects.all()
    assert (notice.recipient_id, notice.outcome) == (host.pk, "")
    with pytest.raises(ValidationError, match="Inform every recipient"):
        close_request(request, actor=farah, at=AT)
    record_informed(notice, outcome="informed", actor=farah, at=AT)
    assert close_request(request, actor=farah, at=AT).state == "closed"


def test_a_correction_by_staff_needs_no_request_and_orders_the_systems_too(cast, indus):
    farah = cast.actor("farah")
    told = {"actor": farah, "reason": Reason.SUBJECT_REQUEST, "at": AT}
    made = correct_person(cast.subject("hamza"), field="phone", value="0300 1234567", **told)
    assert made is not None
    assert stored(cast, "phone") == "+923001234567"
    order = Order.objects.get(system__code="lms")
    assert (order.parent_kind, order.parent_id) == ("corrected_value", made.pk)
    assert done_by_lms(cast, order, "phone") == {"phone": "+923001234567"}
    again = {"field": "phone", "value": "", "reason": Reason.REVIEW, "at": AT}
    refused_to(cast, "sana bilal", correct_person, cast.subject("hamza"), **again)


def test_recipients_are_informed_of_a_correction_by_staff_each_once_until_it_is_recorded(cast, indus):
    host, farah = approve_recipient(cast), cast.actor("farah")
    told = {"actor": farah, "reason": Reason.SUBJECT_REQUEST, "at": AT}
    hamza = cast.subject("hamza")
    for value in ("0300 1234567", "0300 1234567", "0300 7654321"):
        correct_person(hamza, field="phone", value=value, **told)
    [notice] = list_notices(hamza)
    assert (notice.recipient_id, notice.request_id, notice.outcome) == (host.pk, None, "")
    with pytest.raises(NotAllowed):
        record_informed(notice, outcome="informed", actor=cast.actor("sana"), at=AT)
    record_informed(notice, outcome="informed", actor=farah, at=AT)
    correct_person(hamza, field="phone", value="", **told)
    assert [one.outcome for one in list_notices(hamza)] == ["informed", ""]
    kinds = Entry.objects.filter(kind__startswith="subject.recipient").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["subject.recipients_listed", "subject.recipient_informed", "subject.recipients_listed"]


def test_recipients_are_informed_of_an_age_once_a_second_person_has_confirmed_it(cast, indus):
    approve_recipient(cast)
    told: dict[str, Any] = {"reason": Reason.SUBJECT_REQUEST, "at": AT}
    danish = cast.subject("danish")
    made = correct_person(
        danish, field="birth_date", value="2005-01-31", ground="Seen.", actor=cast.actor("farah"), **told
    )
    assert made is not None
    assert (made.applied_at, list_notices(danish)) == (None, [])
    settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=AT)
    assert len(list_notices(danish)) == 1


def test_a_wrong_value_that_a_sync_brings_back_is_shown_as_a_conflict(cast, indus):
    hamza, client = cast.subject("hamza"), cast.client("indus")
    told = {"actor": cast.actor("farah"), "reason": Reason.SUBJECT_REQUEST, "at": AT}
    before = stored(cast, "full_name")
    correct_person(hamza, field="full_name", value="Hamza Lodhi Khan", **told)
    assert [one.came_back for one in list_corrected_fields(cast.subject("hamza"))] == [False]
    sync = {"client": client, "actor": cast.key_actor("indus"), "at": AT + DAY}
    register_subject("lms-hamza", details={"role": "student", "full_name": before}, **sync)
    assert [one.came_back for one in list_corrected_fields(cast.subject("hamza"))] == [True]
    register_subject("lms-hamza", details={"role": "student", "full_name": "Hamza L. Khan"}, **sync)
    assert [one.came_back for one in list_corrected_fields(cast.subject("hamza"))] == [False]


def test_a_request_has_at_most_twenty_corrections(cast, indus):
    request, farah = received(cast, "rectification"), cast.actor("farah")
    for number in range(20):
        add_correction(request, Statement(field="full_name", new_value=f"Name {number}"), actor=farah, at=AT)
    with pytest.raises(TooManyCorrections):
        add_correction(request, NAME, actor=farah, at=AT)


def test_only_the_person_or_those_who_receive_requests_state_corrections(cast, indus):
    request = received(cast, "rectification")
    add_correction(request, NAME, actor=own(cast), at=AT)
    for actor in (own(cast, "junaid"), cast.actor("bilal")):
        with pytest.raises(NotAllowed):
            add_correction(request, NAME, actor=actor, at=AT)


def test_a_child_states_no_correction_in_a_guardians_request_nor_the_guardian_in_one_of_the_child(cast, indus):
    verified(cast)
    child, mother = own(cast, "danish"), own(cast, "esra", "danish")
    of_mother = asked_by_guardian(cast, "rectification")
    of_child = received(cast, "rectification", subject="danish")
    for request, allowed, refused in ((of_mother, mother, child), (of_child, child, mother)):
        add_correction(request, NAME, actor=allowed, at=AT)
        with pytest.raises(NotAllowed):
            add_correction(request, NAME, actor=refused, at=AT)


def test_a_duplicate_takes_its_corrections_into_the_request_that_goes_on(cast, indus):
    first, later, farah = received(cast, "rectification"), received(cast, "rectification"), cast.actor("farah")
    add_correction(later, NAME, actor=farah, at=AT)
    link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)
    assert {"Hamza Lodi", "Hamza Lodhi Khan"} <= {text for _, text in read_texts(first)}
    granted(cast, first)
    assert stored(cast, "full_name") == "Hamza Lodhi Khan"


def test_an_unverified_duplicate_puts_no_correction_into_a_verified_request(cast, indus):
    first = received(cast, "rectification")
    later = received(cast, "rectification", identity="", channel="form")
    add_correction(later, NAME, actor=cast.actor("farah"), at=AT)
    with pytest.raises(Refused, match="The later request is not verified and asks"):
        link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)
    assert not Correction.objects.filter(request=first).exists()
