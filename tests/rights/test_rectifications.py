"""Rectification: what is stated, the change here, the orders to systems, the second person, and the recipients."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from consent.consents.models import Restriction
from consent.decisions.selectors.changes import preview_roles
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.services.issuing import new_values_of
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import AccessRecord, AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.models import CorrectedValue, Correction, RecipientNotice
from rights.rectifications.selectors import list_corrected_fields, list_notices, read_texts
from rights.rectifications.services import (
    NoRectification,
    Statement,
    TooManyCorrections,
    add_correction,
    correct_person,
    correct_roles,
    record_informed,
    refuse_correction,
)
from rights.requests.letters import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import ContactTooNew, confirm_own_request
from tests.access_links.visiting import send, visitor
from tests.api.callers import Caller
from tests.console.pages import row_url, shows_effect_only
from tests.factories import SETTING_UP
from tests.rights.cases import (
    AT,
    DAY,
    absent,
    approve_recipient,
    asked_by_guardian,
    in_indus,
    naming,
    own,
    part_of,
    received,
    refused_to,
    verified,
)
from tests.rights.test_public_pages import own_page
from tests.signing_in import browser_of

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


# Corrections on the person's own page, by the learning platform, at the desk, and on a person's page.


MODEL, PERSON = "requests/rightsrequest", "people/subject"


def corrections(cast):
    with in_client(cast.client_id("indus")):
        return list(Correction.objects.order_by("pk"))


def made(cast):
    return received(cast, "rectification", at=timezone.now())


def test_after_a_request_for_rectification_the_person_says_what_is_wrong(cast):
    browser = own_page(cast)
    sent = send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds="rectification", details="My name")
    page = sent.headers["Location"]
    assert "/corrections/" in page
    assert "What is wrong?" in browser.get(page).content.decode()
    stated = {"field": "full_name", "old_value": "Hamza Lodi", "new_value": "Hamza Lodhi Khan", "evidence": "ID"}
    assert send(browser, page, form_at=page, **stated).status_code == 302
    wrong = send(browser, page, form_at=page, field="email", new_value="no address")
    assert wrong.status_code == 422
    assert "Use one email address" in wrong.content.decode()
    [row] = corrections(cast)
    assert (row.field, row.given_kind, row.state) == ("full_name", "subject", "open")
    shown = browser.get("/requests/mine/").content.decode()
    assert "Full name: Not decided yet" in " ".join(shown.split())
    assert ("Say what is wrong" in shown, "Khan" in shown) == (True, False)
    assert 'dir="rtl"' in browser.get(f"{page.partition('?')[0]}?lang=ur").content.decode()


def test_another_right_has_no_second_step_and_another_persons_request_is_not_there(cast):
    browser = own_page(cast)
    sent = send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds="access")
    assert "/corrections/" not in sent.headers["Location"]
    request = made(cast)
    assert own_page(cast, "lms-junaid").get(f"/requests/mine/{request.pk}/corrections/").status_code == 404
    assert visitor().get(f"/requests/mine/{request.pk}/corrections/").status_code == 403
    access = in_indus(cast, lambda: RightsRequest.objects.get(pk__lt=request.pk))
    assert browser.get(f"/requests/mine/{access.pk}/corrections/").status_code == 302


def test_a_child_does_not_open_the_corrections_of_a_guardians_request(cast):
    verified(cast, at=timezone.now())
    request = asked_by_guardian(cast, "rectification", at=timezone.now())
    assert own_page(cast, "lms-danish").get(f"/requests/mine/{request.pk}/corrections/").status_code == 404


def test_the_platform_states_corrections_and_follows_them(cast):
    caller = Caller(cast.key("indus"))
    opened = caller.post("/api/v1/rights-requests", {"subject": "lms-hamza", "kind": "rectification"}).json()
    url = f"/api/v1/rights-requests/{opened['id']}/corrections"
    answer = caller.post(url, {"field": "email", "old_value": "old@mail.example", "new_value": "new@mail.example"})
    assert answer.status_code == 201
    assert (answer.json()["field"], answer.json()["state"]) == ("email", "open")
    assert b"new@mail.example" not in answer.content
    assert caller.get(url).json()["corrections"] == [answer.json()]
    assert Caller(cast.key("khyber")).get(url).status_code == 404
    other = caller.post("/api/v1/rights-requests", {"subject": "lms-hamza", "kind": "access"}).json()
    refused = caller.post(f"/api/v1/rights-requests/{other['id']}/corrections", {"field": "email", "new_value": ""})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:paktaleem:problem:no-rectification")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"field": "role", "new_value": "x"}, "#/field"),
        ({"field": "email", "new_value": "no address"}, "#/new_value"),
        ({"field": "email"}, "#/new_value"),
        ({"field": "other", "new_value": "B"}, "#/about"),
        ({"field": "email", "new_value": "a@b.example", "urgent": True}, "#/urgent"),
    ],
)
def test_wrong_input_of_the_platform_names_its_field(cast, body, field):
    answer = Caller(cast.key("indus")).post(f"/api/v1/rights-requests/{made(cast).pk}/corrections", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [field]


def test_the_desk_states_reads_refuses_and_grants(sign_in, cast):
    request, farah = made(cast), sign_in("farah")

    def act(slug, **values):
        return farah.post(row_url(MODEL, request.pk, slug), values)

    assert "No correction is written down yet" in farah.get(row_url(MODEL, request.pk)).content.decode()
    assert act("add-correction", field="full_name", old_value="Lodi", new_value="Hamza Lodhi").status_code == 302
    assert "Use one email address" in act("add-correction", field="email", new_value="x").content.decode()
    assert act("add-correction", field="email", new_value="new@mail.example").status_code == 302
    read = act("read", reason="review").content.decode()
    assert all(text in read for text in ("Lodi", "Hamza Lodhi", "new@mail.example"))
    email = corrections(cast)[1]
    assert act("refuse-correction", correction=str(email.pk), reasons="").status_code == 200
    assert act("refuse-correction", correction=str(email.pk), reasons="It is not yours.").status_code == 302
    assert act("restrict-meanwhile", purposes=["newsletter"]).status_code == 302
    with in_client(cast.client_id("indus")):
        assert Restriction.objects.get().purpose_code == "newsletter"
        part = str(part_of(request).pk)
    whole = act("decide", part=part, decision="granted")
    assert "Some corrections are refused" in whole.content.decode()
    told = {"refusal_code": "no_match", "reasons": "Not the address."}
    assert act("decide", part=part, decision="partly", **told).status_code == 302
    page = farah.get(row_url(MODEL, request.pk)).content.decode()
    assert all(words in page for words in ("Made", "Refused", "Orders to systems", "Correct"))


def test_staff_correct_a_field_and_the_page_says_when_the_wrong_value_comes_back(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("hamza"), "correct")
    form = farah.get(url).content.decode()
    assert "what it sends next replaces the value here" in form
    wrong = farah.post(url, {"field": "email", "new_value": "no", "reason": "review"}).content.decode()
    assert "Email address: Use one email address" in wrong
    done = farah.post(url, {"field": "email", "new_value": "right@mail.example", "reason": "subject_request"})
    assert done.status_code == 302
    with in_client(cast.client_id("indus")):
        assert CorrectedValue.objects.get().actor_id == cast.user_id("farah")
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    page = farah.get(row_url(PERSON, cast.subject_id("hamza"))).content.decode()
    assert ("Corrected fields" in page, "came back" in page) == (True, False)
    with in_client(cast.client_id("indus")):
        told = {"actor": cast.key_actor("indus"), "at": timezone.now()}
        details = {"role": "student", "email": "hamza.lodhi@students.example"}
        register_subject("lms-hamza", client=cast.client("indus"), details=details, **told)
    for name in ("farah", "amina"):
        page = sign_in(name).get(row_url(PERSON, cast.subject_id("hamza"))).content.decode()
        assert "The wrong value came back" in page


def test_an_age_corrected_by_staff_waits_for_a_second_person(sign_in, cast):
    farah = sign_in("farah")
    url = row_url(PERSON, cast.subject_id("danish"), "correct")
    form = {"field": "birth_date", "new_value": "2000-01-01", "reason": "review"}
    asked = farah.post(url, form).content.decode()
    assert shows_effect_only(asked)
    assert 'name="ground"' in asked
    stale = browser_of(cast.user("farah"), seconds_ago=301)
    for given in (form, {**form, "ground": "The certificate says so."}):
        assert "reauthenticate" in stale.post(url, given)["Location"]
    assert not in_indus(cast, AgeChange.objects.exists)
    sent = farah.post(url, {**form, "ground": "The certificate says so."}, follow=True)
    assert "a second person must confirm this age" in sent.content.decode()
    assert "Waits for a second person" in farah.get(row_url(PERSON, cast.subject_id("danish"))).content.decode()


def change(browser, url, **form):
    """Send the form, then again as its preview asks; return the preview's page and the last response."""
    shown = browser.post(url, {"reason": "review", **form}).content.decode()
    [fingerprint] = re.findall(r'name="shown" value="(\w+)"', shown)
    return " ".join(shown.split()), browser.post(url, {"reason": "review", **form, "shown": fingerprint})


def roles_of(cast, name):
    with in_client(cast.client_id("indus")):
        return cast.subject(name).roles


def test_a_change_of_roles_is_previewed_then_kept_in_the_history_and_ordered(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    entries = in_indus(cast, Entry.objects.count)
    first = farah.post(url, {"role": "instructor", "other_roles": ["student", "guardian"], "reason": "review"})
    assert first.status_code == 200
    assert roles_of(cast, "junaid") == ("instructor",)
    assert in_indus(cast, lambda: (Entry.objects.count(), Order.objects.count())) == (entries, 0)
    preview, done = change(farah, url, role="instructor", other_roles=["guardian", "student"])
    assert absent(preview, "Roles afterwards: <strong>Instructor, Student, Guardian</strong>", "Afterwards</th>") == []
    assert done.status_code == 302
    assert roles_of(cast, "junaid") == ("instructor", "student", "guardian")
    with in_client(cast.client_id("indus")):
        past = Subject.history.filter(id=cast.subject_id("junaid")).latest("history_date", "history_id")
        assert (past.other_roles, past.actor_id, past.history_change_reason) == (
            ["student", "guardian"],
            cast.user_id("farah"),
            "review",
        )
        assert CorrectedValue.objects.get().field == "roles"
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert "Roles" in farah.get(row_url(PERSON, cast.subject_id("junaid"))).content.decode()


def test_the_preview_names_the_decisions_that_then_differ(cast):
    with in_client(cast.client_id("indus")):
        junaid, at = cast.subject("junaid"), timezone.now()
        there = preview_roles(junaid, "instructor", ["student"], at=at)
        assert there.effects
        by = {"actor": cast.actor("farah"), "reason": "review", "at": at}
        correct_roles(junaid, role="instructor", other_roles=["student"], **by)
        back = preview_roles(cast.subject("junaid"), "instructor", [], at=at)
        assert [(one.purpose, one.after, one.now) for one in back.effects] == [*there.effects]


def test_a_confirmation_of_another_preview_shows_the_new_one(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    form = {"role": "instructor", "other_roles": ["guardian"], "reason": "review", "shown": "0" * 64}
    again = farah.post(url, form)
    assert "Nothing has changed yet." in again.content.decode()
    assert roles_of(cast, "junaid") == ("instructor",)
    same = farah.post(url, {"role": "instructor", "reason": "review"})
    assert "The person has these roles already." in same.content.decode()


def test_a_student_of_unknown_age_becomes_a_teacher_only_with_a_second_person(sign_in, cast):
    url = row_url(PERSON, cast.subject_id("iqra"), "change-roles")
    preview, done = change(sign_in("farah"), url, role="instructor", ground="She teaches now.")
    assert "until a second person confirms it" in preview
    assert done.status_code == 302
    assert roles_of(cast, "iqra") == ("student",)
    with in_client(cast.client_id("indus")):
        assert not Order.objects.exists()
        settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=timezone.now())
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert roles_of(cast, "iqra") == ("instructor",)


def test_the_role_of_a_guardian_is_not_taken_from_a_guardian_of_a_child(sign_in, cast):
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"actor": SETTING_UP, "at": timezone.now()}
        claim_guardian(cast.subject("hamza"), guardian=cast.subject("esra"), relationship="parent", **by)
        roles: dict[str, Any] = {"role": "instructor", "other_roles": [], "reason": "review", "at": timezone.now()}
        with pytest.raises(ValidationError, match="guardian of a child"):
            correct_roles(cast.subject("esra"), actor=cast.actor("farah"), **roles)
    url = row_url(PERSON, cast.subject_id("esra"), "change-roles")
    _preview, refused = change(sign_in("farah"), url, role="instructor")
    assert "This person is a guardian of a child." in refused.content.decode()
    assert roles_of(cast, "esra") == ("guardian",)
