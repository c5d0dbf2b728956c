"""An erasure takes a preview, two people and a cooling-off, and is refused by other holds."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order
from paktaleem.directory.data_systems.states import StepRefused
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import SubjectKey
from paktaleem.directory.people.services.erasure import (
    ErasureHeld,
    ErasureInProgress,
    complete_erasure,
    erase_subject,
    start_erasure,
)
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.schedule.models import Hold, HoldKind
from retention.schedule.services import HoldScope, place_hold
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import preview_erasure, read_facts
from rights.erasures.services.progress import notify_person
from rights.erasures.services.proposals import ErasureEnded, Target, cancel_erasure, decide_erasure, propose_erasure
from rights.erasures.tasks import continue_all_erasures
from rights.requests.services.closing import answer_request
from tests.children.guardians import verified_guardian
from tests.consent.making import shown
from tests.console.pages import row_url
from tests.erasures.steps import AFTER, HOUR, SYSTEM, WHY, approved, go_on, proposed, second, send_all, waive_all
from tests.factories import SETTING_UP
from tests.retention.schedule.making import lift_hold_by_two
from tests.rights.cases import AT, DAY, asked_by_guardian, decided, own, part_of, received, refused_to, verified

USE: dict[str, Any] = {
    "category": "usage_logs",
    "occasion": "upload",
    "purpose": "service_delivery",
    "collected_at": AT,
}


def address(token):
    return f"https://privacy.example/{token}"


def test_the_preview_says_what_goes_what_stays_and_which_systems_are_ordered(cast, indus):
    received(cast, "access", details="A text of mine")
    preview = preview_erasure(cast.subject("hamza"), at=AT)
    assert {one.app for one in preview.goes} >= {"people", "requests", "mail"}
    assert all(one.rows for one in preview.goes)
    assert {one.name: bool(one.categories) for one in preview.systems}
    assert {one.code for one in preview.stays} >= {
        "ledger",
        "consents",
        "requests",
        "tombstone",
        "legal:legal_compliance",
    }
    assert all(one.ground for one in preview.stays)
    [legal] = [one for one in preview.stays if one.code == "legal:legal_compliance"]
    assert "Legal obligation: " in legal.ground
    assert legal.what.endswith("(categories reported as held: 0)")
    assert [one.rows for one in preview.ends] == [1], "the open request"
    assert preview.hours == 72
    assert preview_erasure(cast.subject("danish"), at=AT).hours == settings.ERASURE_WAIT_HOURS_CHILD == 168


def test_nothing_is_ordered_or_erased_before_the_cooling_off_is_over(cast, indus):
    row = proposed(cast)
    assert go_on(row, AT + 90 * DAY).stage == "proposed", "without a second person it never starts"
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    assert (row.stage, row.cooling_ends_at) == ("cooling_off", AFTER)
    assert (row.requested_role, row.settled_role) == ("privacy_officer", "privacy_officer")
    assert go_on(row, AFTER - timedelta(seconds=1)).stage == "cooling_off"
    assert not Order.objects.exists()
    assert not Erasure.objects.exists()
    assert go_on(row, AFTER).stage == "ordered"
    assert {order.kind for order in Order.objects.all()} == {"erase"}
    assert SubjectKey.objects.filter(subject_id=row.subject_id).exists()
    kinds = list(Entry.objects.filter(family="erasure").order_by("recorded_at", "id").values_list("kind", flat=True))
    assert kinds == ["erasure.proposed", "erasure.approved", "erasure.ordered"]


def test_the_database_refuses_a_start_during_the_cooling_off_and_self_approval(cast, indus):
    row = approved(cast)
    for values in (
        {"stage": "ordered", "started_at": AFTER - HOUR},
        {"settled_by": row.requested_by},
        {"stage": "certified", "ended_at": AFTER},
        {"extent": "partial"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ErasureProposal.objects.filter(pk=row.pk).update(**values)


def test_a_second_person_approves_or_declines(cast, indus):
    row = proposed(cast)
    refused_to(cast, "bilal sana celia", decide_erasure, row, approve=True, at=AT)
    declined = decide_erasure(row, approve=False, actor=second(cast), at=AT)
    assert (declined.stage, declined.state, declined.ended_at) == ("cancelled", "declined", AT)
    with pytest.raises(ErasureEnded):
        decide_erasure(row, approve=True, actor=second(cast), at=AT)
    assert go_on(declined, AT + 90 * DAY).stage == "cancelled"


def test_an_administrator_proposes_only_by_granting_a_request(cast, indus):
    for request in (None, received(cast, "erasure", purposes=["newsletter"])):
        with pytest.raises(NotAllowed, match="granting a request"):
            proposed(cast, actor="farah", request=request)
    with pytest.raises(NotAllowed):
        propose_erasure(cast.subject("hamza"), ground="Why", actor=cast.key_actor("indus"), reason=WHY, at=AT)


def test_a_person_has_one_proposal_before_the_start(cast, indus):
    proposed(cast)
    with pytest.raises(Refused, match="An erasure of this person is already proposed"):
        proposed(cast)


def change(cast, section):
    hamza, client, later = cast.subject("hamza"), cast.client("indus"), AT + HOUR
    told = {"actor": cast.actor("amina"), "at": later}
    match section:
        case "person":
            register_subject("lms-hamza", client=client, details={"full_name": "H."}, actor=SETTING_UP, at=later)
        case "holdings":
            report_collection(hamza, CollectionReport(**USE), actor=SETTING_UP, at=later)
        case "consents":
            answers = [Answer("newsletter", ConsentState.REFUSED)]
            record_answers(hamza, answers=answers, shown=shown(client.pk, later), evidence="B", **told)
        case "limits":
            restrict_processing(hamza, purpose_code="newsletter", reason=WHY, **told)
        case "requests":
            received(cast, "rectification", at=later)


@pytest.mark.parametrize("section", ["person", "holdings", "consents", "limits", "requests"])
@pytest.mark.parametrize("when", ["before approval", "during the cooling-off"])
def test_a_change_sends_it_back(section, when, cast, indus):
    row = proposed(cast) if when == "before approval" else approved(cast)
    change(cast, section)
    if when == "before approval":
        with pytest.raises(Refused, match="Something about the person has changed since"):
            decide_erasure(row, approve=True, actor=second(cast), at=AT + 2 * HOUR)
    back = go_on(row, AFTER)
    assert (back.stage, back.changed, back.ended_at) == ("changed", [section], AFTER)
    assert not Order.objects.filter(kind="erase").exists()
    assert json.loads(Entry.objects.get(kind="erasure.sent_back").body)["facts"]["changed"] == [section]
    assert proposed(cast, at=AFTER + HOUR).stage == "proposed", "it can be proposed again"


def test_what_changed_since_the_preview_refuses_the_proposal(cast, indus):
    seen = read_facts(cast.subject("hamza"))
    told = {"actor": cast.actor("amina"), "reason": WHY, "at": AT}
    object_to_purpose(cast.subject("hamza"), purpose_code="platform_improvement", **told)
    with pytest.raises(Refused, match="Something about the person has changed since"):
        proposed(cast, seen=seen)
    assert proposed(cast, seen=read_facts(cast.subject("hamza"))).stage == "proposed"


def test_more_records_of_the_same_kind_are_no_change(cast, indus):
    report_collection(cast.subject("hamza"), CollectionReport(**USE), actor=SETTING_UP, at=AT)
    row = approved(cast)
    report_collection(cast.subject("hamza"), CollectionReport(**USE), actor=SETTING_UP, at=AT + HOUR)
    assert go_on(row, AFTER).stage == "ordered"


def test_only_the_person_and_staff_cancel_before_the_start(cast, indus):
    row = approved(cast)
    for actor in (own(cast, "esra", "hamza"), cast.actor("sana")):
        with pytest.raises(NotAllowed):
            cancel_erasure(row, actor=actor, at=AT)
    cancelled = cancel_erasure(row, actor=own(cast), at=AT + HOUR)
    assert (cancelled.stage, cancelled.cancelled_kind, cancelled.state) == ("cancelled", "subject", "approved")
    assert go_on(cancelled, AFTER).stage == "cancelled"
    again = approved(cast)
    assert cancel_erasure(again, actor=cast.actor("farah"), at=AT).cancelled_role == "client_admin"
    started = go_on(approved(cast), AFTER)
    with pytest.raises(ErasureEnded):
        cancel_erasure(started, actor=cast.actor("amina"), at=AFTER)


def test_a_verified_guardian_of_a_child_may_cancel_and_the_wait_is_longer(cast, indus):
    danish, esra = cast.subject("danish"), cast.subject("esra")
    verified_guardian(danish, esra, at=AT)
    row = approved(cast, "danish")
    assert row.cooling_ends_at == AT + 168 * HOUR
    assert notify_person(row, address=address, actor=SYSTEM, at=AT) == 2
    told = Letter.objects.filter(related_id=row.pk).values_list("channel", "kind", "subject_id")
    assert set(told) == {(channel, "erasure_notice_guardian", esra.pk) for channel in ("mail", "text")}
    assert cancel_erasure(row, actor=own(cast, "esra"), at=AT).stage == "cancelled"


def test_the_person_is_informed_once_on_every_known_channel(cast, indus):
    phone = {"phone": "+923001234567"}
    register_subject("lms-hamza", client=cast.client("indus"), details=phone, actor=SETTING_UP, at=AT - HOUR)
    row = approved(cast)
    with in_global():
        assert {job.task_name for job in ProcrastinateJob.objects.all()} >= {"erasures.notify", "erasures.continue"}
    for expected in (2, 0):
        assert notify_person(row, address=address, actor=SYSTEM, at=AT) == expected
    told = Letter.objects.filter(related_id=row.pk)
    assert sorted(told.values_list("channel", "kind")) == [("mail", "erasure_notice"), ("text", "erasure_notice")]
    assert go_on(row, AFTER).stage == "ordered", "being informed is no change"


def test_an_open_incident_holds_it_with_its_ground(cast, indus):
    row = proposed(cast, "danish")
    collected = CollectionReport(category="device", occasion="assessment", purpose="support", collected_at=AT)
    _, incident = report_collection(cast.subject("danish"), collected, actor=SETTING_UP, at=AT)
    assert incident is not None
    [hold] = preview_erasure(cast.subject("danish"), at=AT).holds
    assert (hold.code, "incident" in hold.ground) == ("incident_open", True)
    with pytest.raises(ErasureHeld):
        start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason=WHY, at=AT)
    assert go_on(row, AT).stage == "changed"
    with pytest.raises(ErasureHeld):
        proposed(cast, "danish")


def test_every_verified_request_is_answered_before_it_starts(cast, indus):
    request = decided(cast, received(cast, "restriction"))
    unverified = received(cast, "access", identity="", channel="form")
    row = approved(cast)
    assert go_on(row, AFTER).stage == "cooling_off"
    answer_request(request, text="Here it is.", actor=cast.actor("farah"), at=AFTER)
    assert go_on(row, AFTER).stage == "ordered"
    unverified.refresh_from_db()
    assert unverified.is_open


def test_the_key_waits_for_the_answer_to_be_sent(cast, indus):
    request = decided(cast, received(cast, "erasure", purposes=[]))
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="It will be erased.", actor=cast.actor("farah"), at=AT)
    started = go_on(row, AFTER)
    waive_all(cast, AFTER)
    erasure = Erasure.objects.get(subject=started.subject)
    assert not complete_erasure(erasure, actor=SYSTEM, at=AFTER)
    Letter.objects.filter(kind="rights_answer").update(state="sent", sent_at=AFTER, context=None)
    Letter.objects.filter(kind="erasure_notice").update(state="failed")
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER)


def test_a_person_who_is_being_erased_is_not_proposed_and_one_erased_by_rule_sends_it_back(cast, indus):
    row = approved(cast)
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=WHY, at=AT + HOUR)
    assert go_on(row, AFTER).stage == "changed"
    start_erasure(cast.subject("junaid"), actor=cast.actor("amina"), reason=WHY, at=AT)
    with pytest.raises(ErasureInProgress):
        proposed(cast, "junaid")


def test_the_worker_continues_every_client_and_a_second_run_changes_nothing(cast):
    row = approved(cast)
    for _ in range(2):
        continue_all_erasures(0)
    with in_client(cast.client_id("indus")):
        row.refresh_from_db()
        assert row.stage == "ordered", "the system clock is past the cooling-off"
        assert Order.objects.filter(kind="erase").count() == 2


def hold(cast, person="hamza", kind=HoldKind.LEGAL, category=""):
    told: dict[str, Any] = {"ground": "Case 4/26.", "review_on": (AT + 30 * DAY).date(), "at": AT}
    scope = HoldScope(subject=cast.subject(person) if person else None, category=category)
    return place_hold(cast.client("indus"), kind=kind, scope=scope, actor=cast.actor("farah"), **told)


def states():
    return set(Order.objects.filter(kind="erase").values_list("state", flat=True))


def grounds(cast, person="hamza", **about):
    return [one.ground for one in preview_erasure(cast.subject(person), at=AT, **about).holds]


def test_an_erasure_that_serves_a_request_is_not_held_by_that_request(cast, indus):
    request = decided(cast, received(cast, "erasure"))
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    assert Hold.objects.open().get().related_id == request.pk
    assert grounds(cast, serving=request.pk) == []
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="It is erased.", actor=cast.actor("farah"), at=AT)
    assert go_on(row, AFTER).stage == "ordered"


def test_a_request_for_a_copy_and_for_erasure_holds_only_other_erasures(cast, indus):
    request = received(cast, "erasure", "access")
    assert (len(grounds(cast)), grounds(cast, serving=request.pk)) == (1, [])
    with pytest.raises(ErasureHeld):
        proposed(cast)
    assert proposed(cast, request=request).stage == "proposed"


@pytest.mark.parametrize("kind", [HoldKind.LEGAL, HoldKind.COMPLAINT])
@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_refuses_an_erasure_and_the_preview_gives_its_ground(cast, indus, kind, person):
    hold(cast, person, kind)
    [ground] = grounds(cast)
    assert (str(kind.label) in ground, "Case 4/26." in ground, "2026-10-31" in ground) == (True, True, True)
    with pytest.raises(ErasureHeld):
        proposed(cast)
    with pytest.raises(ErasureHeld):
        start_erasure(cast.subject("hamza"), actor=cast.actor("amina"), reason=WHY, at=AT)


def test_a_hold_at_the_end_of_the_cooling_off_sends_it_back(cast, indus):
    row = approved(cast)
    placed = hold(cast, kind=HoldKind.COMPLAINT)
    assert go_on(row, AFTER - HOUR).stage == "cooling_off"
    back = go_on(row, AFTER)
    assert (back.stage, back.changed) == ("changed", ["holds"])
    assert not Order.objects.filter(kind="erase").exists()
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert go_on(approved(cast, at=AFTER), AFTER + 3 * DAY).stage == "ordered"


LOGS = {"usage_logs"}


def ordered_categories(state):
    found = Order.objects.filter(kind="erase", state=state).values_list("categories", flat=True)
    return {category for categories in found for category in categories}


@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_of_one_category_recalls_that_one_and_the_others_are_ordered_anew(cast, indus, person):
    go_on(approved(cast), AFTER)
    everything = ordered_categories("queued")
    first, second_hold = (hold(cast, person, category=code) for code in ("contact_details", "usage_logs"))
    assert ordered_categories("recalled") == {"contact_details", "usage_logs"}
    assert ordered_categories("queued") == everything - {"contact_details", "usage_logs"}
    assert Order.objects.filter(kind="erase", due_at__gt=AFTER, parent_id=Erasure.objects.get().pk).count() > 1
    lift_hold_by_two(first, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert (ordered_categories("recalled"), ordered_categories("queued")) == (LOGS, everything - LOGS)
    lift_hold_by_two(second_hold, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert ordered_categories("queued") == everything


def test_a_hold_that_is_lifted_beside_a_narrower_one_releases_the_rest(cast, indus):
    go_on(approved(cast), AFTER)
    everything = ordered_categories("queued")
    wide = hold(cast)
    hold(cast, None, category="usage_logs")
    assert ordered_categories("recalled") == everything
    lift_hold_by_two(wide, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert (ordered_categories("recalled"), ordered_categories("queued")) == (LOGS, everything - LOGS)


@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_recalls_the_orders_of_an_erasure_that_then_waits(cast, indus, person):
    row = go_on(approved(cast), AFTER)
    assert states() == {"queued"}
    placed = hold(cast, person)
    assert states() == {"recalled"}
    order = Order.objects.filter(kind="erase")[0]
    with pytest.raises(StepRefused):
        accept_order(order, actor=cast.key_actor("indus"), at=AFTER)
    with pytest.raises(StepRefused):
        waive_all(cast, AFTER)
    send_all(AFTER)
    erasure = Erasure.objects.get()
    assert (complete_erasure(erasure, actor=SYSTEM, at=AFTER), go_on(row, AFTER).stage) == (False, "ordered")
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert states() == {"queued"}


def test_an_answered_erasure_waits_for_the_end_of_a_hold(cast, indus):
    go_on(approved(cast), AFTER)
    waive_all(cast, AFTER)
    placed = hold(cast)
    send_all(AFTER)
    erasure = Erasure.objects.get()
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER) is False
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=AFTER)
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER) is True


def test_a_hold_recalls_the_orders_of_a_partial_erasure(cast, indus):
    request = decided(cast, received(cast, "restriction"))
    target = Target(("newsletter",), ("contact_details",))
    row = approved(cast, request=request, target=target)
    answer_request(request, text="It is erased.", actor=cast.actor("farah"), at=AT)
    row = go_on(row, AFTER)
    hold(cast, category="billing")
    assert states() == {"queued"}, "another category"
    hold(cast, person=None, category="contact_details")
    assert (states(), go_on(row, AFTER).stage) == ({"recalled"}, "ordered")


def test_a_hold_of_another_category_does_not_refuse_a_partial_erasure(cast, indus):
    hold(cast, category="billing")
    request = decided(cast, received(cast, "restriction"))
    for category, is_held in (("usage_logs", False), ("billing", True)):
        about = {"purposes": ["newsletter"], "categories": [category]}
        assert bool(grounds(cast, **about)) is is_held
    target = Target(("newsletter",), ("usage_logs",))
    assert proposed(cast, target=target, request=request).extent == "partial"


def test_another_verified_request_for_a_copy_refuses_it_until_it_is_answered(cast, indus):
    received(cast, "access", identity="", channel="form")
    assert grounds(cast) == [], "anyone can write a request in another person's name"
    request = received(cast, "access")
    [ground] = grounds(cast)
    assert request.number in ground
    with pytest.raises(ErasureHeld):
        proposed(cast)
    decided(cast, request, "refused", refusal_code="excessive", reasons="The tenth this week.")
    assert proposed(cast).stage == "proposed"


def test_a_guardians_request_to_delete_is_held_too(cast, indus):
    verified(cast)
    hold(cast, "danish")
    request = asked_by_guardian(cast, "deletion")
    with pytest.raises(ErasureHeld):
        decided(cast, request)
    assert part_of(request).decision == ""


def test_the_page_of_the_erasure_and_its_refusal_name_the_hold(cast, sign_in):
    with in_client(cast.client_id("indus")):
        row = proposed(cast)
        hold(cast)
    assert "Case 4/26." in sign_in("amina").get(row_url("erasures/erasureproposal", row.pk)).content.decode()
    answer = sign_in("farah").post(row_url("erasures/erasureproposal", row.pk, "approve"), {"reason": "review"})
    assert "The person may not be erased now. Legal hold" in " ".join(answer.content.decode().split())
