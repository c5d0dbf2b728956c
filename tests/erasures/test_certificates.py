"""Erasures are verified and certified without names; people who left are erased after a period."""

import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from pypdf import PdfReader

from consent.consents.services.restrictions import restrict_processing
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.services.fulfilment import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.extension_points import list_blockers
from paktaleem.directory.people.merges.services import propose_merge
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import complete_erasure, start_erasure
from paktaleem.directory.people.services.people import end_other_claims
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.erasure_list import erasure_list
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.models import DisposalRun
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, place_hold
from rights.erasures.admin import render_certificate
from rights.erasures.leavers import find_leaving, list_leavers
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.progress import erase_leavers
from rights.erasures.services.proposals import decide_erasure
from rights.packages.services import end_due_packages
from rights.rectifications.models import RecipientNotice
from rights.rectifications.selectors import list_notices
from rights.rectifications.services import record_informed
from rights.requests.models import RightsRequest
from rights.requests.sealing import create_key
from rights.requests.services.closing import answer_request, close_request
from tests.cast import Cast
from tests.consent.making import execute
from tests.erasures.steps import AFTER, HOUR, SYSTEM, WHY, approved, go_on, proposed, second, send_all, waive_all
from tests.factories import SETTING_UP, SubjectFactory
from tests.keeping import dispose
from tests.retention.schedule.making import make_holding
from tests.rights.cases import AT, DAY, absent, approve_recipient, decided, in_indus, present, received
from tests.rights.packing import PNG, answered, build, content_of, fetched, package_of
from tests.rights.test_guardian_copies import ready

LATER = AFTER + HOUR
DUE_AT = AT + 365 * DAY


def all_answered(cast):
    """Let the learning platform erase, billing say that a law keeps the data, and the key be destroyed."""
    row = go_on(approved(cast), AFTER)
    send_all(AFTER)
    key = cast.key_actor("indus")
    orders = {order.system.code: order for order in Order.objects.select_related("system")}
    done, kept = Answer(Outcome.DONE, counts={"usage_logs": 3}), Answer(Outcome.NOT_APPLICABLE, reason="legal_duty")
    complete_order(accept_order(orders["lms"], actor=key, at=AFTER), done, actor=key, at=AFTER)
    carry_out_by_hand(orders["billing"], kept, actor=cast.actor("amina"), at=AFTER)
    assert complete_erasure(Erasure.objects.get(subject=row.subject), actor=SYSTEM, at=LATER)
    return row


def test_it_lists_every_answer_the_days_the_roles_and_what_stays(cast, indus):
    lms_id = cast.subject("hamza").external_id
    row = go_on(all_answered(cast), LATER)
    certificate = Certificate.objects.get(proposal=row)
    body = read_body(certificate)
    assert (row.stage, body["number"], body["extent"]["kind"]) == ("certified", row.number, "whole")
    assert {one["system"]: (one["answer"], one["reason"], one["counts"]) for one in body["systems"]} == {
        "billing": ("not_applicable", "legal_duty", {}),
        "lms": ("erased", "", {"usage_logs": 3}),
    }
    assert (body["proposed"]["by"], body["approved"]["by"]) == ("privacy_officer", "privacy_officer")
    assert body["cooling_off_until"] == body["ordered_at"] == AFTER.isoformat()
    assert body["key_destroyed_at"] == body["issued_at"] == LATER.isoformat()
    mark = tombstone_of(row.client_id, lms_id)
    assert mark is not None
    assert body["person"]["commitment"] == mark.hex(), "who knows the LMS id can recognise the person"
    [line] = body["erasure_list"]
    assert erasure_list().intents()[line].subject_id == row.subject_id
    assert {one["code"] for one in body["remaining"]} >= {"ledger", "tombstone", "legal:legal_compliance"}
    assert all(one["ground"] for one in body["remaining"])
    for one in body["remaining"]:
        assert re.search("[\u0600-\u06ff]{2}", one["what_ur"]), one
        assert re.search("[\u0600-\u06ff]{2}", one["ground_ur"]), one
    assert body["names"]["systems"] == {"billing": "Billing", "lms": "Lms"}
    assert body["names"]["reasons"]["legal_duty"]["en"] == "A law requires that it be kept"
    assert re.search("[\u0600-\u06ff]{2}", body["names"]["categories"]["usage_logs"]["ur"])


def test_it_holds_no_personal_data_and_its_hash_is_in_the_ledger(cast, indus):
    row = go_on(all_answered(cast), LATER)
    certificate = Certificate.objects.get(proposal=row)
    assert present(certificate.body.lower(), "hamza", "lodhi", "lms-hamza", "amina", "@") == []
    assert certificate.body.encode() == canonical(json.loads(certificate.body))
    sha256 = hashlib.sha256(certificate.body.encode()).hexdigest()
    entry = Entry.objects.get(pk=certificate.entry_id)
    assert (entry.kind, json.loads(entry.body)["facts"]["sha256"]) == ("erasure.certified", sha256)


def test_the_pdf_is_accessible_and_says_the_same_in_both_languages(cast, indus):
    certificate = Certificate.objects.get(proposal=go_on(all_answered(cast), LATER))
    pdf = PdfReader(io.BytesIO(render_certificate(read_body(certificate), sha256=certificate.sha256)))
    text = " ".join(page.extract_text() for page in pdf.pages)
    assert absent(text, "Certificate of erasure", certificate.proposal.number, "privacy officer") == []
    assert absent(text, "Lms", "Billing", "A law requires that it be kept") == [], "names, no codes"
    assert not re.search(r"\b(lms|billing|legal_duty|usage_logs|contact_details)\b", text)
    assert re.search("[\u0600-\u06ff]{2}", text), "Urdu beside English"
    assert certificate.sha256 in text.replace("\n", "").replace(" ", "")
    assert pdf.metadata is not None
    assert certificate.proposal.number in str(pdf.metadata.title)


def test_it_is_issued_once_and_never_changed(cast, indus):
    row = go_on(all_answered(cast), LATER)
    certificate = Certificate.objects.get(proposal=row)
    assert go_on(row, LATER + HOUR).stage == "certified"
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(body="{}")
    certificate.body = certificate.body.replace("erased", "nothing")
    with pytest.raises(ValueError, match="does not match its hash"):
        read_body(certificate)
    assert Certificate.objects.count() == 1
    assert Entry.objects.filter(kind="erasure.certified").count() == 1


def test_nothing_is_certified_while_something_of_the_person_is_left(cast, indus):
    request = received(cast, "question")
    answer_request(decided(cast, request), text="Answered.", actor=cast.actor("amina"), at=AT)
    row = all_answered(cast)
    left = RightsRequest.objects.get(pk=request.pk)
    create_key(left)
    left.save()
    SubjectKey.objects.create(client_id=row.client_id, subject_id=row.subject_id, epoch=1, wrapped=b"x")
    for _ in range(2):
        failed = go_on(row, LATER)
        assert (failed.stage, failed.faults) == ("verifying", ["key", "requests.rightsrequest.wrapped"])
    assert not Certificate.objects.exists()
    assert Entry.objects.filter(kind="erasure.verification_failed").count() == 1
    SubjectKey.objects.filter(subject_id=row.subject_id).delete()
    left.wrapped = left.epoch = None
    left.save()
    assert (go_on(row, LATER + HOUR).stage, Certificate.objects.count()) == ("certified", 1)


def test_nothing_is_certified_without_the_line_of_the_erasure_list(cast, indus, erasure_list):
    row = all_answered(cast)
    erasure_list.unlink()
    assert go_on(row, LATER).faults == ["erasure_list"]


def test_an_order_that_is_open_again_is_not_certified(cast, indus):
    row = go_on(approved(cast), AFTER)
    send_all(AFTER)
    assert go_on(row, LATER).stage == "ordered", "the systems have not answered"
    waive_all(cast, LATER)
    assert go_on(row, LATER).stage == "ordered", "the key is not destroyed"
    assert Subject.objects.get(pk=row.subject_id).erased_at is None
    assert not Certificate.objects.exists()


@pytest.fixture
def request_of_both(cast, indus):
    """A granted request for a copy and for erasure, answered with the copy; every system has erased its data."""
    request = decided(cast, received(cast, "access", "erasure"))
    answered(cast, request, PNG)
    assert build(request) is not None
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="Your copy is ready.", actor=cast.actor("farah"), at=AFTER)
    assert go_on(row, AFTER).stage == "ordered"
    send_all(AFTER)
    waive_all(cast, AFTER)
    return request


def complete():
    return complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=AFTER)


def test_the_key_waits_until_the_copy_is_fetched(cast, indus, request_of_both):
    assert not complete(), "the copy could not be fetched any more"
    [waiting] = list_blockers(Erasure.objects.get())
    assert request_of_both.number in waiting
    archive = fetched(cast, request_of_both, at=AFTER)
    assert archive == content_of(package_of(request_of_both))
    assert complete()


def test_an_unfetched_copy_delays_the_destruction_of_the_key_until_it_expires(cast, indus, request_of_both):
    assert not complete()
    assert end_due_packages(request_of_both.client_id, actor=SYSTEM, at=AFTER + 14 * DAY) == 1
    assert complete()


def test_a_guardian_fetches_a_copy_while_the_child_is_being_erased(cast, indus):
    request = ready(cast)
    start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason=WHY, at=AT)
    send_all(AT)
    waive_all(cast, AT)
    assert not complete()
    assert fetched(cast, request, by="esra") == content_of(package_of(request))
    assert complete()


def test_recipients_are_informed_before_the_key_is_destroyed(cast, indus):
    approve_recipient(cast)
    request = decided(cast, received(cast, "erasure"))
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="It is erased.", actor=cast.actor("farah"), at=AT)
    row = go_on(row, AFTER)
    send_all(AFTER)
    waive_all(cast, AFTER)
    assert not complete(), "afterwards no one knows whom it is about"
    with pytest.raises(ValidationError, match="Inform every recipient"):
        close_request(request, actor=cast.actor("farah"), at=AFTER)
    record_informed(RecipientNotice.objects.get(), outcome="informed", actor=cast.actor("farah"), at=AFTER)
    assert complete()
    certificate = Certificate.objects.get(proposal=go_on(row, AFTER))
    body = read_body(certificate)
    assert body["recipients"] == [{"recipient": "Host Ltd", "outcome": "informed"}]
    assert render_certificate(body, sha256=certificate.sha256).startswith(b"%PDF")
    assert close_request(request, actor=cast.actor("farah"), at=AFTER).state == "closed"


def test_recipients_are_informed_of_an_erasure_without_a_request_too(cast, indus):
    approve_recipient(cast)
    row = go_on(approved(cast), AFTER)
    send_all(AFTER)
    waive_all(cast, AFTER)
    assert not complete(), "afterwards no one knows whom it is about"
    [notice] = list_notices(row.subject)
    record_informed(notice, outcome="impossible", actor=cast.actor("farah"), at=AFTER)
    assert complete()
    certificate = Certificate.objects.get(proposal=go_on(row, AFTER))
    assert read_body(certificate)["recipients"] == [{"recipient": "Host Ltd", "outcome": "impossible"}]


def close(cast, name, at=AT, happened_at=None):
    about = {"kind": "account_closed", "happened_at": happened_at or at, "actor": SETTING_UP, "at": at}
    record_subject_event(cast.subject(name), **about)
    return cast.subject(name)


def find(person, at):
    return find_leaving(person, at=at)


def erase(cast, at, client="indus"):
    return erase_leavers(cast.client_id(client), actor=SYSTEM, at=at)


def leave_long_ago(*names, cast):
    long_ago = timezone.now() - timedelta(days=400)
    values = [long_ago, long_ago, [cast.subject_id(name) for name in names]]
    execute("UPDATE people_subject SET account_closed_at = %s, changed_at = %s WHERE id = ANY(%s)", *values)


def test_the_disposal_ends_the_sealed_fields_of_a_leaver(cast):
    with in_client(cast.client_id("indus")):
        leave_long_ago("hamza", cast=cast)
    dispose("leavers")
    with in_client(cast.client_id("indus")):
        assert cast.subject("hamza").is_being_erased, "the systems are asked first"
        assert cast.subject("junaid").is_recorded
        waive_all(cast, timezone.now())
        complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=timezone.now())
        hamza = cast.subject("hamza")
        assert (hamza.full_name, hamza.email, hamza.external_id) == (None, None, None)
        assert hamza.tombstone is not None
        assert not SubjectKey.objects.filter(subject=hamza).exists()
    assert [one.subject_id for one in erasure_list().intents().values()] == [hamza.pk, hamza.pk]
    with in_client(PAKTALEEM):
        assert DisposalRun.objects.get(kind="leavers").rows == 1


def test_the_period_is_a_year_after_the_account_closed(cast, indus):
    hamza = close(cast, "hamza")
    assert find(cast.subject("junaid"), at=AT) is None
    leaving = find(hamza, at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT - DAY) == 0
    assert erase(cast, DUE_AT) == 1
    assert erase(cast, DUE_AT + DAY) == 0, "once"
    assert set(Order.objects.values_list("kind", "ground")) == {("erase", "retention_ended")}
    assert Entry.objects.filter(kind="subject.erasure_started").count() == 1


def test_a_closing_that_is_stated_late_erases_no_one_at_once(cast, indus):
    leaving = find(close(cast, "hamza", happened_at=AT - 900 * DAY), at=AT)
    assert leaving.due_at == DUE_AT


def test_who_comes_back_has_not_left(cast, indus):
    hamza = close(cast, "hamza")
    back = AT + 100 * DAY
    record_subject_event(hamza, kind="active", happened_at=back, actor=SETTING_UP, at=back)
    assert find(hamza, at=back) is None
    assert erase(cast, DUE_AT + 100 * DAY) == 0


def _hold(cast, hamza):
    scope = HoldScope(subject=hamza)
    about: dict[str, Any] = {"kind": HoldKind.COMPLAINT, "ground": "Case 12.", "review_on": (AT + 30 * DAY).date()}
    place_hold(cast.client("indus"), scope=scope, actor=cast.actor("farah"), at=AT, **about)


def _order(cast, hamza):
    spec = OrderSpec(
        kind=OrderKind.ERASE,
        categories=frozenset({"contact_details"}),
        reason=Reason.REVIEW,
        ground=Ground.RETENTION_ENDED,
        due_at=AT + DAY,
    )
    issue_orders(hamza, spec, actor=cast.actor("amina"), at=AT)


def _link(cast, hamza):
    other = SubjectFactory(client=cast.client("indus"), external_id="lms-hamza-2", role="instructor")
    told = {"actor": cast.actor("amina"), "reason": Reason.REVIEW, "at": AT}
    propose_merge(hamza, other, ground="One person, two records.", **told)


NEEDS: dict[str, Callable[[Cast, Subject], object]] = {
    "a hold or an incident": _hold,
    "an open request": lambda cast, _hamza: received(cast, identity=""),
    "an order without an answer": _order,
    "a proposed erasure": lambda cast, _hamza: proposed(cast),
    "a restriction": lambda cast, hamza: restrict_processing(
        hamza, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT
    ),
    "data at a system": lambda _cast, hamza: make_holding(hamza, "usage_logs", ["newsletter"], collected_at=AT),
    "a change that waits for a second person": _link,
}


@pytest.mark.parametrize("words", NEEDS)
def test_what_is_held_or_open_keeps_the_person(cast, indus, words):
    hamza = close(cast, "hamza")
    close(cast, "junaid")
    NEEDS[words](cast, hamza)
    leaving = find(hamza, at=DUE_AT)
    assert words in leaving.kept_for
    assert erase(cast, DUE_AT) == 1, "Junaid only"
    assert cast.subject("hamza").is_recorded


def test_the_guardian_of_a_child_of_whom_something_is_kept_stays_and_leaves_with_the_child(cast, indus):
    esra, late = cast.subject("esra"), DUE_AT + 100 * DAY
    assert find(esra, at=late) is None, "her child has not left"
    close(cast, "esra")
    assert (erase(cast, late), cast.subject("esra").is_recorded) == (0, True)
    kept = make_holding(close(cast, "danish"), "usage_logs", ["newsletter"], collected_at=AT)
    leaving = find(esra, at=late)
    assert leaving.kept_for == ["a child whose guardian they are"]
    assert erase(cast, late) == 0
    kept.ended_at = late
    kept.save()
    assert erase(cast, late) == 1, "Danish"
    assert erase(cast, late) == 0, "until he is erased"
    waive_all(cast, late)
    complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=late)
    assert erase(cast, late) == 1
    assert cast.subject("esra").is_being_erased


def test_a_guardian_without_an_account_leaves_with_the_last_relation(cast, indus):
    end_other_claims(cast.subject("danish"), named=[], actor=SETTING_UP, at=AT)
    leaving = find(cast.subject("esra"), at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT) == 1


def test_a_guardian_whom_no_child_ever_had_leaves_a_year_after_the_registration(cast, indus):
    about = {"client": cast.client("indus"), "role": "guardian", "at": AT}
    lone = SubjectFactory(external_id="lms-lone", **about)
    SubjectFactory(external_id="lms-teacher", **{**about, "role": "instructor"})
    leaving = find(lone, at=AT)
    assert (leaving.due_at, leaving.kept_for) == (DUE_AT, [])
    assert erase(cast, DUE_AT - DAY) == 0
    assert [one.pk for one in list_leavers(DUE_AT)] == [lone.pk]


def test_another_record_of_the_same_person_keeps_both(cast, indus):
    hamza, iqra = close(cast, "hamza"), cast.subject("iqra")
    execute("UPDATE people_subject SET same_person = %s WHERE id = ANY(%s)", hamza.pk, [hamza.pk, iqra.pk])
    leaving = find(hamza, at=DUE_AT)
    assert leaving.kept_for == ["another record of the same person"]
    assert erase(cast, DUE_AT) == 0
    close(cast, "iqra")
    assert erase(cast, DUE_AT) == 2


def test_everyone_leaves_with_the_last_agreement(cast, indus):
    ends_at = datetime(2026, 12, 31, tzinfo=UTC)
    execute("UPDATE consent_serviceagreement SET ends_at = %s", ends_at)
    junaid = cast.subject("junaid")
    assert find(junaid, at=ends_at - DAY) is None
    leaving = find(junaid, at=ends_at)
    assert leaving.due_at == ends_at + 365 * DAY
    execute("UPDATE consent_serviceagreement SET exit_until = %s", ends_at + 90 * DAY)
    leaving = find(junaid, at=ends_at)
    assert leaving.due_at == ends_at + 455 * DAY


def test_the_page_of_the_person_says_the_day_and_what_keeps_them(cast, sign_in):
    with in_client(cast.client_id("indus")):
        hamza = close(cast, "hamza")
    browser = sign_in("farah")
    url = f"/admin/people/subject/{hamza.pk}/change/"
    assert "Erased from 2027-10-01 on" in unescape(browser.get(url).content.decode())
    received(cast)
    page = unescape(browser.get(url).content.decode())
    assert "Erased from 2027-10-01 on, once nothing keeps it: an open request" in page


def test_the_page_of_an_open_account_says_the_day_once_the_agreements_ended(cast, sign_in):
    in_indus(cast, lambda: execute("UPDATE consent_serviceagreement SET ends_at = signed_at + interval '1 day'"))
    page = unescape(sign_in("amina").get(f"/admin/people/subject/{cast.subject_id('hamza')}/change/").content.decode())
    assert "Erased from 20" in page
