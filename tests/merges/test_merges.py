"""Two records that are one person: linked and taken apart by two people; decisions and rights cover both."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.decisions.facts import Question
from consent.decisions.models import SubjectChange
from consent.decisions.selectors.decisions import EvaluationRequest, decide_many_with_key, decide_with_key
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.merges.services import decide_merge
from paktaleem.directory.people.models import PersonMerge, Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import preview_erasure
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from tests.api.callers import Caller
from tests.children.guardians import decision_reason
from tests.consent.making import shown
from tests.console.pages import row_url
from tests.erasures import steps
from tests.factories import SubjectFactory
from tests.merges.making import SECOND, linked, proposed, second_record, taken_apart, undone
from tests.rights.cases import AT, decided, received
from tests.rights.packing import build, content_of, unpacked
from tests.signing_in import browser_of

FIRST, MINUTE = "lms-junaid", timedelta(minutes=1)


@pytest.fixture
def records(cast):
    with in_client(cast.client_id("indus")):
        yield cast.subject("junaid"), second_record(cast)


def answer(person, state, cast, at):
    given = [Answer("newsletter", state)]
    proof = shown(person.client_id, at)
    record_answers(person, answers=given, shown=proof, evidence="Box 3", actor=cast.actor("farah"), at=at)


def newsletter(cast, at, now=None):
    return [decision_reason(cast, one, at, now=now, purpose="newsletter") for one in (FIRST, SECOND)]


def test_two_people_link_and_two_people_take_apart(cast, records, now):
    main, other = records
    merge = proposed(main, other, cast, now)
    with pytest.raises(ValidationError, match="already proposed"):
        proposed(main, other, cast, now, by="amina")
    assert list_same_person(main) == []
    decide_merge(merge, approve=True, actor=cast.actor("amina"), at=now)
    main, other = Subject.objects.get(pk=main.pk), Subject.objects.get(pk=other.pk)
    assert (list_same_person(main), list_same_person(other)) == ([other], [main])
    assert {one.subject_id for one in Entry.objects.filter(kind="subject.merged")} == {main.pk, other.pk}
    assert [one.same_person for one in other.history.order_by("history_date", "history_id")] == [None, main.pk]

    undo = undone(other, main, cast, now, by="amina")
    assert list_same_person(main) == [other]
    decide_merge(undo, approve=True, actor=cast.actor("farah"), at=now)
    assert not Subject.objects.filter(same_person__isnull=False).exists()
    assert Entry.objects.filter(kind="subject.merge_undone").count() == 2
    assert PersonMerge.objects.count() == 2


def test_a_third_record_joins_the_main_one_and_leaves_alone(cast, records, now):
    main, other = records
    third = second_record(cast, external_id="lms-junaid-3")
    linked(main, other, cast, now)
    linked(Subject.objects.get(pk=other.pk), third, cast, now)
    main = Subject.objects.get(pk=main.pk)
    assert {one.pk for one in list_same_person(main)} == {other.pk, third.pk}
    with pytest.raises(ValidationError, match="already linked"):
        proposed(second_record(cast, external_id="lms-junaid-4"), third, cast, now)
    taken_apart(main, other, cast, now)
    assert [one.pk for one in list_same_person(Subject.objects.get(pk=main.pk))] == [third.pk]
    with pytest.raises(ValidationError, match="not linked"):
        undone(main, other, cast, now)


def test_records_of_different_ages_are_refused_and_so_is_the_same_record(cast, records, now):
    client, danish = cast.client("indus"), cast.subject("danish")
    child = SubjectFactory(client=client, external_id="lms-danish-2", birth_date=date(2016, 1, 1))
    unknown = SubjectFactory(client=client, external_id="lms-danish-3")
    adult = SubjectFactory(client=client, external_id="lms-danish-4", birth_date=date(1990, 1, 1))
    for other in (child, adult, records[0]):
        with pytest.raises(ValidationError, match="cannot be one person"):
            proposed(danish, other, cast, now)
    with pytest.raises(ValidationError, match="same record"):
        proposed(danish, danish, cast, now)
    assert proposed(danish, unknown, cast, now).state == "waiting"


def test_neither_an_auditor_nor_a_key_nor_another_client_links_records(cast, records, now):
    main, other = records
    for actor in (cast.actor("bilal"), cast.actor("sana"), cast.actor("celia"), cast.key_actor("indus")):
        with pytest.raises(NotAllowed):
            proposed(main, other, cast, now, by=actor)
    merge = proposed(main, other, cast, now)
    with pytest.raises(NotAllowed):
        decide_merge(merge, approve=True, actor=cast.actor("bilal"), at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonMerge.objects.filter(pk=merge.pk).update(other_id=cast.subject_id("kiran"))


def test_a_refusal_counts_for_both_records_and_a_consent_for_its_own_only(cast, records, now):
    main, other = records
    answer(main, ConsentState.GIVEN, cast, now)
    linked(main, other, cast, now)
    assert newsletter(cast, now) == ["permitted", "consent_missing"]
    answer(other, ConsentState.REFUSED, cast, now + MINUTE)
    assert newsletter(cast, now + MINUTE) == ["consent_refused", "consent_refused"]
    assert newsletter(cast, now, now=now + MINUTE) == ["permitted", "consent_missing"]
    taken_apart(main, other, cast, now + 2 * MINUTE)
    assert newsletter(cast, now + 2 * MINUTE) == ["permitted", "consent_refused"]
    assert newsletter(cast, now + MINUTE, now=now + 2 * MINUTE) == ["consent_refused", "consent_refused"]


def test_restrictions_objections_and_a_closed_account_count_for_both_records(cast, records, now):
    main, other = records
    linked(main, other, cast, now)
    by: dict[str, Any] = {"actor": cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": now}
    object_to_purpose(other, purpose_code="platform_improvement", **by)
    restrict_processing(other, purpose_code="support", **by)
    purposes = ("platform_improvement", "support", "service_delivery")
    reasons = [decision_reason(cast, FIRST, now, purpose=purpose) for purpose in purposes[:2]]
    record_subject_event(other, kind="account_closed", happened_at=now, actor=cast.key_actor("indus"), at=now)
    reasons.append(decision_reason(cast, FIRST, now, purpose=purposes[2]))
    assert reasons == ["objection_in_force", "processing_restricted", "account_closed"]
    erase_subject(other, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now + MINUTE)
    assert decision_reason(cast, FIRST, now + MINUTE, purpose="service_delivery") == "permitted"


def test_the_roles_of_linked_records_count_for_each(cast, now):
    asked = EvaluationRequest(FIRST, partial(Question, purpose="newsletter", role="guardian"))
    before = decide_with_key(cast.key("indus"), asked, arrived_at=now)
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast, role="guardian"), cast, now)
    after = decide_with_key(cast.key("indus"), asked, arrived_at=now)
    assert (before.reason, after.role) == ("role_not_held", "guardian")


def test_the_decision_of_an_api_key_reads_linked_records_in_the_same_statement(cast, now):
    with in_client(cast.client_id("indus")):
        main, other = cast.subject("junaid"), second_record(cast)
        answer(main, ConsentState.GIVEN, cast, now)
        answer(other, ConsentState.GIVEN, cast, now)
        linked(main, other, cast, now)
        answer(other, ConsentState.WITHDRAWN, cast, now)
    asked = EvaluationRequest(FIRST, partial(Question, purpose="newsletter"))
    unlinked = EvaluationRequest("lms-hamza", partial(Question, purpose="newsletter"))
    decide_with_key(cast.key("indus"), unlinked, arrived_at=now)
    with CaptureQueriesContext(connection) as plain:
        decide_with_key(cast.key("indus"), unlinked, arrived_at=now)
    with CaptureQueriesContext(connection) as queries:
        one = decide_with_key(cast.key("indus"), asked, arrived_at=now)
    same: Any
    [same] = decide_many_with_key(cast.key("indus"), [asked], arrived_at=now)
    assert (one.reason, same.reason, len(queries)) == ("consent_withdrawn", "consent_withdrawn", len(plain))


def test_a_change_of_one_record_is_noted_for_the_other(cast, records, now):
    main, other = records
    linked(main, other, cast, now)
    SubjectChange.objects.all().delete()
    answer(other, ConsentState.GIVEN, cast, now)
    noted = SubjectChange.objects.values_list("subject_id", "kind", "purpose_code")
    assert set(noted) == {(other.pk, "consent", "newsletter"), (main.pk, "same_person", "newsletter")}


def test_the_api_lists_the_other_records(cast, now):
    api = Caller(cast.key("indus"))
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast), cast, now)
    assert api.get(f"/api/v1/subjects/{FIRST}").json()["same_person_as"] == [SECOND]
    assert api.get("/api/v1/subjects/lms-hamza").json()["same_person_as"] == []
    listed = api.get("/api/v1/subjects").json()["subjects"]
    others = {one["external_id"]: one["same_person_as"] for one in listed if one["same_person_as"]}
    assert others == {FIRST: [SECOND], SECOND: [FIRST]}


@pytest.fixture
def linked_records(cast):
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast, full_name="Junaid the Second"), cast, AT)
        yield cast


def test_a_copy_orders_and_holds_the_data_of_both_records(cast, linked_records):
    request = decided(cast, received(cast, "access", subject="junaid"))
    ordered = Order.objects.filter(parent_id=request.pk)
    assert set(ordered.values_list("subject__external_id", flat=True)) == {"lms-junaid", SECOND}
    steps.waive_all(cast, AT, parent_id=request.pk)
    package = build(request)
    assert package is not None
    files = unpacked(content_of(package))
    assert "Junaid the Second" in files["record-2/data.json"].decode()
    assert "record-2/tables/details.csv" in files
    assert "record-2/data.json" in files["index.en.html"].decode()


def test_an_erasure_is_proposed_approved_and_cancelled_for_both_records(cast, linked_records):
    junaid, second = cast.subject("junaid"), Subject.objects.get(external_id=SECOND)
    assert preview_erasure(junaid, at=AT).others == [second]
    first = steps.proposed(cast, "junaid")
    beside = ErasureProposal.objects.get(subject=second)
    assert (beside.leading, beside.stage) == (first, "proposed")
    approved = decide_erasure(first, approve=True, actor=steps.second(cast), at=AT)
    beside.refresh_from_db()
    assert (approved.stage, beside.stage, beside.settled_by) == ("cooling_off", "cooling_off", approved.settled_by)
    cancel_erasure(beside, actor=cast.actor("amina"), at=AT)
    assert set(ErasureProposal.objects.values_list("stage", flat=True)) == {"cancelled"}


def test_both_records_are_erased_with_a_certificate_each(cast, linked_records):
    approved = steps.approved(cast, "junaid")
    beside = ErasureProposal.objects.get(leading=approved)
    for proposal in (approved, beside):
        assert steps.certified(cast, proposal, steps.AFTER).stage == "certified"
    people = Subject.objects.filter(same_person=cast.subject_id("junaid"))
    assert [one.erased_at is None for one in people] == [False, False]


def test_the_console_shows_the_link_and_the_requests_of_both_records(cast):
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast), cast, AT)
        request, second = received(cast, "access", subject="junaid"), Subject.objects.get(external_id=SECOND)
        waiting = proposed(cast.subject("junaid"), second_record(cast, external_id="lms-junaid-3"), cast, AT)
    farah, amina = browser_of(cast.user("farah")), browser_of(cast.user("amina"))
    junaid = cast.subject_id("junaid")
    for page, words in {
        row_url("people/subject", second.pk): "One person with",
        row_url("people/subject", second.pk) + "?tab=requests": request.number,
        row_url("requests/rightsrequest", request.pk): "copies and erasures cover them",
    }.items():
        assert words in farah.get(page).content.decode(), page
    found = farah.post("/admin/search/", {"text": "lms-jun"}).content.decode()
    assert f"One person with {SECOND}" in found
    form = {"other": "lms-danish", "ground": "One person.", "reason": "review"}
    refused = farah.post(row_url("people/subject", junaid, "same-person"), form)
    assert "The records cannot be one person" in refused.content.decode()
    approved = amina.post(row_url("people/personmerge", waiting.pk, "approve"), {"reason": "review"})
    undo = row_url("people/subject", junaid, "not-same-person")
    undone = farah.post(undo, {"other": str(second.pk), "ground": "Two people.", "reason": "correction"})
    assert (approved.status_code, undone.status_code) == (302, 302)
    with in_client(cast.client_id("indus")):
        expected = [("link", "approved"), ("link", "approved"), ("undo", "waiting")]
        assert sorted(PersonMerge.objects.values_list("kind", "state")) == expected
