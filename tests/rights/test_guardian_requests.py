"""Guardians make rights requests about a child: their authority is checked, and what is granted is ordered."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.html import strip_tags

from children.guardians.authority import RequestBlocker
from children.guardians.models import Guardianship, Verification
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services.guardians import change_guardian, end_guardian
from children.guardians.services.verifications import mark_verification_false, record_verification
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.channels import views
from rights.channels.guardians import RIGHT_OF, Wish, record_guardian_request
from rights.erasures.models import ErasureProposal
from rights.erasures.services.progress import list_notices, notify_person
from rights.erasures.services.proposals import ErasureEnded, cancel_erasure, decide_erasure
from rights.erasures.views import list_own_erasures
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.selectors import list_linkable, list_related
from rights.requests.services.clock import extend_request
from rights.requests.services.closing import add_rights, answer_request, close_request
from rights.requests.services.decisions import AlreadyDecided, RequestForAnAdult, RequestNotAllowed, decide_part
from rights.requests.services.intake import assign_person, deny_own_request, read_request, verify_identity
from rights.requests.services.steps import list_parts
from tests.access_links.visiting import send
from tests.api.callers import Caller
from tests.children.browsers import answer, by_contact, child_page
from tests.children.guardians import guardian_of, make_guardian, record_answer, verified_guardian
from tests.console.pages import list_url, row_url
from tests.erasures.steps import HOUR, SYSTEM, go_on, proposed
from tests.factories import SETTING_UP
from tests.rights.cases import (
    AT,
    DAY,
    absent,
    asked_by_guardian,
    in_indus,
    naming,
    own,
    part_of,
    present,
    received,
    verified,
)
from tests.signing_in import browser_of

MODEL = "requests/rightsrequest"
REQUESTS = "/api/v1/subjects/lms-danish/guardian-requests"
NOT_FOUND = Answer(Outcome.NOT_FOUND)


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def seen(cast, indus):
    verified(cast)
    return cast


def weakly(cast):
    with in_client(cast.client_id("indus")):
        row = guardian_of(cast.subject("danish"), cast.subject("esra"), at=AT)
        record_verification(row, method="email_plus", kept={}, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    return row


def confirm(request, cast, *, by="farah", at=AT + DAY):
    decide_part(part_of(request), decision="granted", actor=cast.actor(by), at=at)
    request.refresh_from_db()
    return request


def orders_of(request):
    return {one.system.code: one for one in Order.objects.filter(parent_id=request.pk).select_related("system")}


def kinds():
    found = Entry.objects.filter(family="rights_request").order_by("pk").values_list("kind", flat=True)
    return [kind.partition(".")[2] for kind in found]


def test_a_copy_is_ordered_of_every_system_at_once_with_the_request_as_parent_and_thirty_days(seen):
    request = asked_by_guardian(seen, "copy", text="All of it.")
    told = orders_of(request)
    assert set(told) == {"lms", "billing"}
    assert {(one.kind, one.ground, one.parent_kind, one.due_at) for one in told.values()} == {
        ("collect", "right_of_the_person", "rights_request", AT + 30 * DAY)
    }
    assert {name for one in told.values() for name in one.categories} >= {"usage_logs", "content", "billing"}
    people = (request.subject_id, request.requester_id, request.guardian_right)
    assert people == (seen.subject_id("danish"), seen.subject_id("esra"), "access")
    assert (request.state, request.due_at) == ("executing", AT + 30 * DAY)
    granted = {(part.decision, part.decided_kind, part.decided_at) for part in list_parts(request)}
    assert granted == {("granted", "system", AT)}, "by the rule, not by a person"
    assert kinds() == ["received", "acknowledged", "decided", "ordered", "decided"]


def test_the_guardian_is_written_to_and_never_the_child(seen):
    request = asked_by_guardian(seen, "deletion")
    extend_request(request, days=10, text="Many systems.", actor=seen.actor("farah"), at=AT)
    for decider, by in (("client", "farah"), ("paktaleem", "amina")):
        refused = {"decision": "refused", "refusal_code": "legal_obligation", "reasons": "The law."}
        decide_part(part_of(request, decider), **refused, actor=seen.actor(by), at=AT)
    answer_request(request, text="No, because of the law.", actor=seen.actor("farah"), at=AT)
    letters = Letter.objects.filter(related_id=request.pk).order_by("pk")
    assert {letter.subject_id for letter in letters} == {seen.subject_id("esra")}
    assert [letter.kind for letter in letters] == ["rights_received", "rights_notice", "rights_answer"]
    values = {**json.loads(decrypt_context(letters[0])), "client": "Indus"}
    received = [str(render("rights_received", language=one, channel="mail", values=values)) for one in ("en", "ur")]
    assert "a child whose guardian you are" in received[0]
    assert all("your personal data" not in text and "آپ کی ذاتی" not in text for text in received)


def proposal_of(request):
    return ErasureProposal.objects.filter(request=request).latest("requested_at", "id")


def test_a_deletion_waits_for_the_client_whose_data_it_is_and_then_for_a_second_person(seen):
    request = asked_by_guardian(seen, "deletion")
    assert (orders_of(request), request.state) == ({}, "with_client")
    for name in ("amina", "sana", "bilal"):
        with pytest.raises(NotAllowed):
            confirm(request, seen, by=name)
    confirm(request, seen)
    row = proposal_of(request)
    assert (row.stage, row.extent, row.requested_by) == ("proposed", "partial", seen.user_id("farah"))
    assert (orders_of(request), row.subject_id) == ({}, request.subject_id)
    row = decide_erasure(row, approve=True, actor=seen.actor("amina"), at=AT + DAY)
    assert (row.stage, row.cooling_ends_at) == ("cooling_off", AT + 8 * DAY)
    assert orders_of(request) == {}
    with pytest.raises(AlreadyDecided):
        confirm(request, seen)


def granted(cast):
    request = confirm(asked_by_guardian(cast, "deletion"), cast, at=AT)
    decide_part(part_of(request, "paktaleem"), decision="granted", actor=cast.actor("amina"), at=AT)
    row = decide_erasure(proposal_of(request), approve=True, actor=cast.actor("farah"), at=AT)
    answer_request(request, text="It will be erased.", actor=cast.actor("farah"), at=AT)
    return request, row


def with_father(cast):
    father = make_guardian(cast.client("indus"), "father", at=AT)
    for one in (father, cast.subject("danish")):
        details = {"email": f"{one.external_id}@mail.example", "phone": "+923001112223"}
        register_subject(one.external_id or "", client=father.client, details=details, actor=SETTING_UP, at=AT)
    verified_guardian(cast.subject("danish"), father, at=AT)
    return father


def test_of_an_erasure_that_a_guardian_requested_the_guardians_are_informed_and_not_the_child(seen):
    father = with_father(seen)
    _, row = granted(seen)
    notify_person(row, address=lambda token: f"https://privacy.example/{token}", actor=SYSTEM, at=AT)
    told = {(one.subject_id, one.kind, one.channel) for one in list_notices(row)}
    guardians = (seen.subject_id("esra"), father.pk)
    assert told == {(one, "erasure_notice_guardian", channel) for one in guardians for channel in ("mail", "text")}
    assert list_own_erasures(seen.subject("danish"), AT) == []
    with pytest.raises(NotAllowed):
        cancel_erasure(row, actor=own(seen, "danish"), at=AT)


def test_the_guardian_cancels_it_on_the_page_about_the_data_of_the_child(cast):
    with in_client(cast.client_id("indus")):
        verified(cast)
        request, row = granted(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert absent(page, "A child’s data will be erased", row.number) == []
    for wrong in (str(request.pk), "nonsense"):
        assert send(browser, f"{url}erasure/", form_at=url, erasure=wrong).status_code == 404
    done = send(browser, f"{url}erasure/", form_at=url, erasure=str(row.pk))
    assert "The erasure is cancelled" in done.content.decode()
    assert url in done.content.decode()
    assert row.number not in browser.get(url).content.decode()
    with in_client(cast.client_id("indus")):
        row.refresh_from_db()
        assert (row.stage, row.cancelled_by) == ("cancelled", cast.subject_id("esra"))
        assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"


def test_no_erasure_of_another_child_is_shown_or_cancelled_on_the_page(cast):
    with in_client(cast.client_id("indus")):
        row = verified(cast)
        other = proposed(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    assert other.number not in browser.get(url).content.decode()
    assert send(browser, f"{url}erasure/", form_at=url, erasure=str(other.pk)).status_code == 404
    with in_client(cast.client_id("indus")):
        end_guardian(row, actor=SETTING_UP, at=AT)
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize("stage", ["proposed", "cooling_off"])
def test_an_erasure_whose_guardian_has_lost_the_authority_is_sent_back_and_the_request_can_be_closed(seen, stage):
    request = confirm(asked_by_guardian(seen, "deletion"), seen, at=AT)
    decide_part(part_of(request, "paktaleem"), decision="granted", actor=seen.actor("amina"), at=AT)
    row = proposal_of(request)
    if stage == "cooling_off":
        row = decide_erasure(row, approve=True, actor=seen.actor("farah"), at=AT)
    answer_request(request, text="It will be erased.", actor=seen.actor("farah"), at=AT)
    found_wrong = {"actor": seen.actor("amina"), "reason": Reason.REVIEW, "at": AT + HOUR}
    mark_verification_false(Verification.objects.get(), **found_wrong)
    with pytest.raises(Refused if stage == "proposed" else ErasureEnded):
        decide_erasure(row, approve=True, actor=seen.actor("farah"), at=AT + DAY)
    back = go_on(row, AT + 7 * DAY)
    assert (back.stage, "authority" in back.changed) == ("changed", True)
    assert orders_of(request) == {}
    with pytest.raises(RequestNotAllowed):
        proposed(seen, "danish", request=request, at=AT + 7 * DAY)
    assert close_request(request, actor=seen.actor("farah"), at=AT + 8 * DAY).state == "closed"


def test_a_guardian_who_requests_the_same_right_twice_has_one_request(seen):
    assert asked_by_guardian(seen, "copy").pk == asked_by_guardian(seen, "copy", at=AT + DAY).pk
    assert len(orders_of(RightsRequest.objects.get())) == 2


def test_a_guardian_who_keeps_the_data_makes_no_request_and_the_answer_is_recorded(seen):
    told = {"guardian": seen.subject("esra"), "wish": "keep", "channel": "client", "at": AT}
    assert record_guardian_request(seen.subject("danish"), **told, actor=seen.actor("farah")) is None
    assert Entry.objects.filter(kind="guardian.data_kept").count() == 1
    assert not RightsRequest.objects.exists()
    with pytest.raises(NotAllowed):
        record_guardian_request(seen.subject("danish"), **told, actor=seen.actor("sana"))


def test_what_one_client_decides_and_paktaleem_too_are_parts_of_one_request(seen):
    for wish, right in RIGHT_OF.items():
        parts = list_parts(asked_by_guardian(seen, wish))
        assert {part.kind for part in parts} == {right}
    found = RightsRequest.objects.values_list("guardian_right", flat=True)
    assert sorted(found) == sorted(kind.value for kind in RIGHT_OF.values())
    assert set(RIGHT_OF) == set(Wish) - {Wish.KEEP}


@pytest.mark.parametrize("wish", ["copy", "portability"])
def test_a_guardian_known_by_two_letters_may_have_deleted_and_not_be_handed_data(cast, indus, wish):
    weakly(cast)
    with pytest.raises(RequestNotAllowed) as refused:
        asked_by_guardian(cast, wish)
    assert refused.value.why == RequestBlocker.TOO_WEAK
    assert asked_by_guardian(cast, "deletion").state == "with_client"


def test_an_unverified_guardian_can_make_no_request(cast, indus):
    guardian_of(cast.subject("danish"), cast.subject("esra"), at=AT)
    for wish in RIGHT_OF:
        with pytest.raises(RequestNotAllowed) as refused:
            asked_by_guardian(cast, wish)
        assert refused.value.why == RequestBlocker.NOT_VERIFIED
    assert not RightsRequest.objects.exists()


def test_a_guardian_who_may_not_receive_data_gets_no_copy(seen):
    change_guardian(Guardianship.objects.get(), changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    with pytest.raises(RequestNotAllowed) as refused:
        asked_by_guardian(seen, "copy")
    assert refused.value.why == RequestBlocker.NOT_TOLD


def test_an_ex_guardian_a_stranger_and_an_impostor_make_no_request_of_a_guardian(seen):
    stranger = make_guardian(seen.client("indus"), "stranger", at=AT)
    other = person_actor(stranger.pk, stranger.client_id, acts_for=seen.subject_id("danish"))
    for actor in (other, seen.actor("bilal")):
        with pytest.raises(NotAllowed):
            asked_by_guardian(seen, "copy", actor=actor)
    told = {"guardian": seen.subject("esra"), "wish": "copy", "channel": "client", "at": AT}
    with pytest.raises(GuardianshipUnknown):
        record_guardian_request(seen.subject("hamza"), **told, actor=SETTING_UP)
    end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT + DAY)
    with pytest.raises(GuardianshipUnknown):
        asked_by_guardian(seen, "copy", at=AT + DAY)


@pytest.mark.parametrize(("subject", "requester"), [("danish", "danish"), (None, "esra")])
def test_a_guardian_asks_for_another_person(seen, subject, requester):
    with naming("requester"):
        received(seen, "erasure", subject=subject, requester=seen.subject(requester))


@pytest.mark.parametrize("rights", [["withdrawal"], ["child_concern"], ["access", "erasure"]])
def test_a_guardian_asks_for_one_right_and_withdraws_consent_elsewhere(seen, rights):
    with naming("kinds"):
        received(seen, *rights, subject="danish", requester=seen.subject("esra"))


@pytest.mark.parametrize("wish", [one.value for one in RIGHT_OF if one not in {Wish.COPY, Wish.COMPLAINT}])
def test_a_guardian_who_was_ended_meanwhile_has_nothing_granted(seen, wish):
    request = asked_by_guardian(seen, wish)
    end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT + timedelta(hours=1))
    for part in list_parts(request):
        by = seen.actor("farah" if part.decider == "client" else "amina")
        with pytest.raises(RequestNotAllowed) as denied:
            decide_part(part, decision="granted", actor=by, at=AT + DAY)
        assert denied.value.why == RequestBlocker.NOT_VERIFIED
        refused = {"decision": "refused", "refusal_code": "identity_not_verified", "reasons": "No longer guardian."}
        assert decide_part(part, **refused, actor=by, at=AT + DAY).decision == "refused"
    assert orders_of(request) == {}


def test_the_request_of_a_guardian_whose_child_has_grown_up_says_so(seen):
    request = asked_by_guardian(seen, "restriction")
    [part, *_others] = list_parts(request)
    by = seen.actor("farah" if part.decider == "client" else "amina")
    with pytest.raises(RequestForAnAdult, match="not_verified"):
        decide_part(part, decision="granted", actor=by, at=AT + 5_000 * DAY)


def test_authority_is_checked_again_when_the_identity_is_verified(seen):
    request = asked_by_guardian(seen, "copy", identity="", actor=seen.actor("sana"), channel="telephone")
    assert (request.state, orders_of(request)) == ("identity_pending", {})
    other = asked_by_guardian(seen, "portability", identity="")
    verified = verify_identity(request, actor=seen.actor("farah"), at=AT)
    assert (verified.state, len(orders_of(request))) == ("executing", 2), "then the copy is ordered"
    change_guardian(Guardianship.objects.get(), changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    with pytest.raises(RequestNotAllowed):
        verify_identity(other, actor=seen.actor("farah"), at=AT)


def test_a_verified_guardian_continues_the_unverified_request_they_repeat(seen):
    waits = asked_by_guardian(seen, "copy", identity="")
    assert (waits.state, orders_of(waits)) == ("identity_pending", {})
    again = asked_by_guardian(seen, "copy", identity="lms", actor=seen.key_actor("indus"), channel="api")
    assert (again.pk, again.state, again.identity_method) == (waits.pk, "executing", "lms")


def test_the_child_neither_sees_nor_ends_the_guardians_request(seen):
    request = asked_by_guardian(seen, "deletion")
    with pytest.raises(NotAllowed):
        deny_own_request(request, by_code=False, actor=own(seen, "danish"), at=AT)
    mother = own(seen, "esra", "danish")
    assert deny_own_request(request, by_code=False, actor=mother, at=AT).state == "withdrawn"


def test_a_guardians_request_stays_with_its_child(seen):
    request = asked_by_guardian(seen, "deletion", identity="")
    with pytest.raises(Refused, match="already verified, or a guardian"):
        assign_person(request, subject=seen.subject("hamza"), actor=seen.actor("amina"), at=AT)


def test_erasing_the_guardian_destroys_the_text_and_the_request_can_be_closed(seen):
    request = asked_by_guardian(seen, "objection", text="I object.")
    erase_subject(seen.subject("esra"), actor=seen.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    request.refresh_from_db()
    assert (request.wrapped, request.details, request.is_open) == (None, None, True)
    for order in Order.objects.open():
        carry_out_by_hand(order, NOT_FOUND, actor=seen.actor("amina"), at=AT)
    assert close_request(request, actor=seen.actor("farah"), at=AT + DAY).state == "closed"


def test_the_database_refuses_a_second_open_request_and_a_guardian_of_oneself(seen):
    request = asked_by_guardian(seen, "deletion")
    values = {field.attname: getattr(request, field.attname) for field in RightsRequest._meta.fields}
    del values["id"]
    with pytest.raises(IntegrityError, match="rights_one_open_of_guardian"), transaction.atomic():
        RightsRequest(**{**values, "number": "22222222"}).save(force_insert=True)
    row = RightsRequest.objects.filter(pk=request.pk)
    for wrong, constraint in (
        ({"requester": request.subject_id}, "rights_guardian_is_another"),
        ({"requester": seen.subject_id("kiran")}, "requester"),
        ({"requester": None}, "rights_guardian_asks_for_a_right"),
        ({"guardian_right": ""}, "rights_guardian_asks_for_a_right"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row.update(**wrong)


def test_related_are_the_requests_about_the_child_and_of_the_guardian_and_linkable_only_those_of_both(seen):
    first, other = asked_by_guardian(seen, "objection"), asked_by_guardian(seen, "rectification")
    of_the_child, of_the_guardian = received(seen, subject="danish"), received(seen, subject="esra")
    received(seen, subject="hamza")
    assert {one.pk for one in list_related(first)} == {other.pk, of_the_child.pk, of_the_guardian.pk}
    assert [one.pk for one in list_linkable(first)] == [other.pk]
    assert list_linkable(of_the_child) == []


def test_staff_turn_a_guardians_question_only_into_rights_without_an_open_request_of_that_guardian(seen):
    asked = {"subject": "danish", "requester": seen.subject("esra"), "identity": "code", "channel": "own_page"}
    question, amina = received(seen, "question", **asked), seen.actor("amina")
    asked_by_guardian(seen, "deletion")
    for wrong in ("erasure", "withdrawal"):
        with pytest.raises(ValidationError):
            add_rights(question, kinds=[wrong], actor=amina, at=AT)
    turned = add_rights(question, kinds=["access"], actor=amina, at=AT)
    assert {(part.kind, part.decision) for part in list_parts(turned)} == {("question", ""), ("access", "granted")}
    change_guardian(Guardianship.objects.get(), changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    with pytest.raises(RequestNotAllowed):
        add_rights(question, kinds=["portability"], actor=amina, at=AT)


def test_the_page_says_which_requests_are_not_possible_and_what_helps(cast):
    weakly(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert present(page, 'value="copy"', 'value="portability"') == []
    for wish in ("deletion", "rectification", "restriction", "objection", "complaint", "keep"):
        assert f'value="{wish}"' in page
    assert "Go to the school in person" in page
    assert send(browser, url, wish="copy").status_code == 422
    assert "</strong>." not in browser.get(url, {"lang": "ur"}).content.decode(), "a Latin full stop in Urdu"


def test_the_page_shows_how_far_each_request_is_with_rights_number_and_dates(cast):
    verified(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    done = {
        wish: send(browser, url, wish=wish).headers["Location"].partition("done=")[2]
        for wish in ("deletion", "copy", "rectification")
    }
    assert done == {"deletion": "asked_deletion", "copy": "asked_copy", "rectification": "asked"}
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert absent(page, "The school decides", "0 of 2 systems have answered") == []
    assert "Requested on 2026-10-01, to be answered by 2026-10-31." in strip_tags(page)
    numbers = in_indus(cast, lambda: [one.number for one in RightsRequest.objects.order_by("-received_at", "-pk")])
    assert re.findall(r'id="request-([^"]+)"', page) == numbers
    shown = re.findall(r'<h3 id="request-[^>]+>([^<]+) <span', page)
    assert shown == ["Rectification", "A copy of the data", "Deletion of the data"]
    in_urdu = browser.get(url, {"lang": "ur"}).content.decode()
    assert '. <span class="quiet">' not in in_urdu, "a Latin full stop in Urdu"


def test_a_contact_that_is_too_new_proves_nothing_on_the_page(cast):
    with in_client(cast.client_id("indus")):
        verified(cast)
        details = {"role": "guardian", "full_name": "Esra", "email": "new.address@mail.example"}
        register_subject("lms-esra", client=cast.client("indus"), details=details, actor=SETTING_UP, at=AT)
    browser, url = by_contact("new.address@mail.example"), child_page(cast, more="data/")
    send(browser, url, wish="copy")
    assert "The school first makes sure that it is you" in browser.get(url, {"lang": "en"}).content.decode()
    with in_client(cast.client_id("indus")):
        request = RightsRequest.objects.get()
        assert (request.state, orders_of(request)) == ("identity_pending", {})


def test_after_taking_back_on_the_page_the_answer_becomes_a_proposed_erasure(cast):
    verified(cast)
    browser = by_contact()
    answer(browser, child_page(cast, more="service/"), "give")
    done = send(browser, child_page(cast, more="withdraw/"), form_at=child_page(cast))
    question = done.headers["Location"]
    assert "What should happen to the data" in browser.get(question + "&lang=en").content.decode()
    send(browser, child_page(cast, more="data/"), wish="deletion", text="All of it.")
    with in_client(cast.client_id("indus")):
        request = RightsRequest.objects.get()
        part = part_of(request)
        read = read_request(request, actor=cast.actor("farah"), reason=Reason.REVIEW, at=AT)
        assert read["details"] == "All of it."
    decided = {"part": str(part.pk), "decision": "granted", "refusal_code": "", "reasons": ""}
    assert browser_of(cast.user("farah")).post(row_url(MODEL, request.pk, "decide"), decided).status_code == 302
    assert in_indus(cast, lambda: (proposal_of(request).stage, orders_of(request))) == ("proposed", {})


def test_a_withdrawal_by_api_asks_about_the_data_and_a_copy_becomes_orders(cast):
    with in_client(cast.client_id("indus")):
        verified(cast, at=AT - DAY)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=AT - DAY)
    platform = Caller(cast.key("indus"))
    said = {"guardian": "lms-esra", "decision": "withdrawn"}
    withdrawn = platform.post("/api/v1/subjects/lms-danish/guardian-authorisations", said)
    assert withdrawn.json()["ask_about_data"] is True
    waits = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "deletion"})
    assert (waits.json()["state"], waits.json()["due_at"]) == ("waits_for_client", "2026-10-31T09:00:00+00:00")
    with in_client(cast.client_id("indus")):
        confirm(RightsRequest.objects.get(pk=waits.json()["id"]), cast)
    again = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "deletion"})
    assert (again.json()["id"], again.json()["state"]) == (waits.json()["id"], "waits_for_paktaleem")
    copied = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "copy"})
    assert (copied.status_code, copied.json()["state"]) == (201, "ordered")
    kept = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "keep"})
    assert (kept.json()["state"], kept.json()["id"]) == ("kept", None)
    complaint = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "complaint"})
    assert complaint.json()["state"] == "waits_for_paktaleem"
    shown = platform.get(f"/api/v1/rights-requests/{copied.json()['id']}").json()
    assert (shown["subject"], shown["requester"], shown["kind"]) == ("lms-danish", "lms-esra", "access")
    assert in_indus(cast, Order.objects.filter(parent_id=copied.json()["id"]).count) == 2


def test_the_api_refuses_a_request_with_the_reason(cast):
    weakly(cast)
    refused = Caller(cast.key("indus")).post(REQUESTS, {"guardian": "lms-esra", "wish": "copy"})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:paktaleem:problem:guardian-may-not-ask"
    assert "two messages" in refused.json()["errors"][0]["detail"]


def test_in_the_console_a_withdrawal_leads_to_the_question(cast):
    with in_client(cast.client_id("indus")):
        row = verified(cast, at=AT - DAY)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=AT - DAY)
    browser = browser_of(cast.user("farah"))
    url = row_url("guardians/guardianship", row.pk, "answer")
    led = browser.post(url, {"decision": "withdrawn", "shares": "", "route": "in_person"})
    question = row_url("guardians/guardianship", row.pk, "data")
    assert led.headers["Location"] == question
    assert browser.post(question, {"wish": "deletion"}).status_code == 302
    assert "The client decides" in browser.get(list_url(MODEL)).content.decode()
    with in_client(cast.client_id("indus")):
        request = RightsRequest.objects.get()
        assert (request.channel, request.identity_method) == ("client", "client")


def test_the_page_of_a_request_shows_the_guardians_authority_now(cast):
    weakly(cast)
    url = row_url(MODEL, asked_by_guardian(cast, "deletion").pk)
    page = browser_of(cast.user("amina")).get(url).content.decode()
    assert absent(page, "Authority of the guardian", "the school hears a child who can understand it") == []
    assert absent(page, "Email, confirmed a second time", "but receive no copy of the data") == []
    with in_client(cast.client_id("indus")):
        told: dict[str, Any] = {"kept": {}, "actor": SETTING_UP, "reason": Reason.REVIEW, "at": AT}
        record_verification(Guardianship.objects.get(), method="in_person", **told)
    page = browser_of(cast.user("amina")).get(url).content.decode()
    assert "May exercise every right of the child now" in page
    with in_client(cast.client_id("indus")):
        end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT)
    assert "Has no authority for this child now" in browser_of(cast.user("amina")).get(url).content.decode()


def test_a_support_agent_takes_in_what_a_guardian_says_by_telephone_and_no_more(cast):
    row = verified(cast, at=AT - DAY)
    sana, question = browser_of(cast.user("sana")), row_url("guardians/guardianship", row.pk, "data")
    assert 'value="keep"' not in sana.get(question).content.decode()
    assert sana.post(question, {"wish": "copy", "text": "By phone."}).status_code == 302
    with in_client(cast.client_id("indus")):
        request = RightsRequest.objects.get()
        assert (request.channel, request.state, orders_of(request)) == ("telephone", "identity_pending", {})
        assert set(RequestPart.objects.values_list("kind", flat=True)) == {"access"}
    for act in ("read", "verify", "decide", "copy-build", "add-rights"):
        assert sana.get(row_url(MODEL, request.pk, act)).status_code in {302, 403}


def test_the_page_shows_the_latest_requests_and_ends_only_the_guardians_own(cast, monkeypatch):
    monkeypatch.setattr(views, "_SHOWN", 1)
    verified(cast)
    first, later = asked_by_guardian(cast, "rectification"), asked_by_guardian(cast, "complaint")
    other = received(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert re.findall(r'id="request-([^"]+)"', page) == [later.number]
    assert "Request a copy of the child’s data to see all." in page
    for wrong in (other.pk, uuid4(), "nothing", ""):
        assert send(browser, child_page(cast, more="data/end/"), form_at=url, request=str(wrong)).status_code == 404
    done = send(browser, child_page(cast, more="data/end/"), form_at=url, request=str(first.pk))
    assert done.headers["Location"].endswith("done=ended")
    assert not in_indus(cast, lambda: RightsRequest.objects.get(pk=first.pk).is_open)
