"""Stories: real acts of staff, people, systems and the worker, each with the webhook events that it causes.

A story runs in the context of Indus, whose receiver is subscribed to everything, with the clock at ``AT``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from children.ageing.services import send_age_notices
from children.guardians.models import GuardianChange, Verification
from children.guardians.services.answers import quarantine, release
from children.guardians.services.checks import BEGIN, authorise_by_school, end_school_authorisation, request_check
from children.guardians.services.guardians import change_guardian, end_guardian, settle_guardian_change
from children.guardians.services.verifications import mark_verification_false
from children.guardians.tasks import ask, begin
from children.invitations.services.inviting import invite_guardian, invite_guardians_of
from consent.consents.models import Consent, ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.consents.services.revocation import expire_consent, invalidate_consent, revoke_consent
from consent.notices.services.announcements import process_client
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.purposes import Purpose
from consent.register.services import change_register, widen_purpose
from consent.sharing.services import DisclosureReport, report_disclosure
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    fail_order,
    propose_waiver,
)
from paktaleem.directory.data_systems.services.issuing import issue_orders, issue_orders_for_set
from paktaleem.directory.data_systems.states import Answer as SystemAnswer, Outcome
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import (
    approve_readmission,
    complete_erasure,
    request_readmission,
    start_erasure,
)
from paktaleem.directory.people.services.people import claim_guardian, end_other_claims
from paktaleem.directory.webhooks.models import Message
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.accounts.actors import Actor, person_actor, system_actor, user_actor
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.breaches.services import request_closing, write_to_client
from retention.disposals.models import Batch
from retention.disposals.services.batches import cancel_disposal
from retention.holdings.models import FlaggedCollection
from retention.holdings.services.holdings import CollectionReport, decide_collection, report_collection
from retention.holdings.services.incidents import notify_overdue
from retention.schedule.services import HoldScope, place_hold
from rights.channels.guardians import record_guardian_request
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import decide_erasure
from rights.rectifications.disagreements import state_disagreement
from rights.rectifications.services import Statement, add_correction
from rights.requests.services.clock import carry_out_due_steps, extend_request, pause_request, resume_request
from rights.requests.services.closing import add_rights, answer_request, close_request, link_duplicate
from rights.requests.services.intake import deny_own_request, receive_request, verify_identity
from tests.access_links.visiting import send
from tests.accounts.officers import second_officer
from tests.breaches.making import add_measures, assess, make_breach, send_letters as send_breach_letters
from tests.cast import Cast
from tests.children.browsers import PORTAL, answer, by_link, child_page, follow, latest_link, work as send_letters
from tests.children.guardians import guardian_of, make_guardian, record_answer, verified_guardian
from tests.children.test_provider_checks import answer_by_file
from tests.consent.making import (
    PURPOSE,
    announce,
    approve_by_two,
    lift_by_two,
    overrule_by_two,
    prove,
    share_purpose,
    shown,
)
from tests.erasures import steps as erasing
from tests.factories import BORN, SETTING_UP, OrderSpecFactory, SubjectFactory, make_system
from tests.merges.making import linked, second_record, taken_apart
from tests.retention.disposals import steps
from tests.retention.schedule.making import lift_hold_by_two
from tests.rights.cases import decided, received
from tests.rights.packing import build, fetched
from tests.working import work

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WORKER = system_actor("tests.stories")
BY: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": AT}


@dataclass
class World:
    """The cast, the clock, the settings and a folder for files."""

    cast: Cast
    clock: Any
    settings: Any
    folder: Any

    @property
    def client_id(self) -> Any:
        return self.cast.client_id("indus")

    def person(self, name: str) -> Subject:
        return self.cast.subject(name)

    def inside(self) -> Any:
        return in_client(self.client_id)

    @property
    def officer(self) -> dict[str, Any]:
        return {"actor": self.cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": AT}

    @property
    def farah(self) -> Actor:
        return self.cast.actor("farah")


type Story = Callable[[World], None]
STORIES: dict[Story, frozenset[str]] = {}
"""Every story with the types of the events that it must cause."""


def causes(*events: str) -> Callable[[Story], Story]:
    def register(story: Story) -> Story:
        STORIES[story] = frozenset(events)
        return story

    return register


@causes(*(f"consent.{state}" for state in ("requested", "deferred", "given", "refused", "withdrawn", "revoked")))
def answers_about_a_purpose(world: World) -> None:
    with world.inside():
        junaid = world.person("junaid")
        states = (ConsentState.REQUESTED, ConsentState.DEFERRED, ConsentState.REFUSED, ConsentState.GIVEN)
        for number, state in enumerate(states):
            give(world, state, AT + number * MINUTE)
        withdraw_consent(junaid, purpose="newsletter", actor=world.farah, at=AT + 10 * MINUTE)
        give(world, ConsentState.GIVEN, AT + 20 * MINUTE)
        revoke_consent(Consent.objects.get(subject=junaid), **{**BY, "actor": world.farah, "at": AT + 30 * MINUTE})


def give(world: World, state: ConsentState, at: datetime) -> None:
    token = shown(world.client_id, at)
    record_answers(world.person("junaid"), answers=[Answer("newsletter", state)], shown=token, actor=world.farah, at=at)


@causes("consent.invalidated")
def a_consent_is_invalidated(world: World) -> None:
    with world.inside():
        give(world, ConsentState.GIVEN, AT)
        invalidate_consent(Consent.objects.get(), **{**world.officer, "at": AT + MINUTE})


@causes("notice.announced", "notice.published", "notice.dispatched", "notice.took_effect")
def a_shared_notice_changes(world: World) -> None:
    share_purpose(world.cast)
    version = announce(world.cast, AT)
    announce(world.cast, AT, code="privacy_notice", is_material=False, effective_at=AT)
    prove(world.cast, "indus", version, AT + MINUTE)
    with world.inside():
        process_client(world.client_id, actor=WORKER, at=version.effective_at + DAY)


@causes("recipient.added", "recipient.changed", "recipient.approved", "recipient.approval_changed")
def a_shared_recipient_is_approved(world: World) -> None:
    del world
    with in_client(PAKTALEEM):
        own: dict[str, Any] = {"client_id": PAKTALEEM}
        host = change_register(Recipient(code="host", name="H", service="S", agreement_reference="A1", **own), **BY)
        host.service = "Hosting"
        change_register(host, **BY)
        told = {"purposes": [PURPOSE], "categories": ["contact_details"], "starts_at": AT}
        approval = approve_by_two(RecipientApproval(recipient=host, **told, **own), at=AT)
        approval.ends_at = AT + DAY
        change_register(approval, **BY)


@causes("disclosure.denied")
def data_is_shared_with_a_recipient_that_is_not_approved(world: World) -> None:
    with world.inside():
        own = {"client_id": world.client_id, "agreement_reference": "A1"}
        change_register(Recipient(code="host", name="H", service="S", **own), **BY)
        shared = DisclosureReport(recipient="host", purpose="support", categories=["contact_details"], shared_at=AT)
        report_disclosure(world.person("hamza"), shared, actor=world.cast.key_actor("indus"), at=AT)


@causes("guardian.claimed", "guardian.claim_ended")
def a_school_names_a_guardian_and_no_longer(world: World) -> None:
    with world.inside():
        danish, uncle = world.person("danish"), make_guardian(world.cast.client("indus"), "uncle", at=AT)
        claim_guardian(danish, guardian=uncle, relationship="guardian", actor=world.farah, at=AT)
        end_other_claims(danish, named=[], actor=world.farah, at=AT + MINUTE)


@causes(
    *(f"guardian.{what}" for what in ("named", "verified", "given", "refused", "withdrawn", "changed", "ended")),
    *(f"guardian.{what}" for what in ("conflict_opened", "conflict_closed", "data_kept")),
)
def guardians_decide_and_disagree(world: World) -> None:
    with world.inside():
        danish, esra = world.person("danish"), world.person("esra")
        uncle = make_guardian(world.cast.client("indus"), "uncle", at=AT)
        row, other = verified_guardian(danish, esra, at=AT), verified_guardian(danish, uncle, at=AT)
        record_answer(danish, esra, "given", at=AT)
        record_answer(danish, uncle, "refused", at=AT + MINUTE)
        record_answer(danish, uncle, "given", at=AT + 2 * MINUTE)
        keep: dict[str, Any] = {"wish": "keep", "channel": "client", "actor": world.farah, "at": AT + 3 * MINUTE}
        record_guardian_request(danish, guardian=esra, **keep)
        record_answer(danish, esra, "withdrawn", at=AT + 4 * MINUTE)
        by: dict[str, Any] = {"ground": "The court decided.", "actor": world.farah}
        change_guardian(row, changes={"may_receive_data": False}, **by, at=AT + 5 * MINUTE)
        end_guardian(other, **by, at=AT + 6 * MINUTE)


@causes("guardian.change_waiting", "guardian.change_settled")
def taking_away_a_refusal_takes_two(world: World) -> None:
    with world.inside():
        danish, esra = world.person("danish"), world.person("esra")
        row = verified_guardian(danish, esra, at=AT)
        record_answer(danish, esra, "refused", at=AT)
        change = end_guardian(row, ground="The court decided.", actor=world.farah, at=AT + MINUTE)
        assert isinstance(change, GuardianChange)
        settle_guardian_change(change, approve=True, actor=world.cast.actor("amina"), at=AT + MINUTE)


@causes("guardian.check_started", "guardian.check_settled", "guardian.verification_false")
def a_provider_checks_a_guardian(world: World) -> None:
    world.settings.CHECK_FOLDER, world.settings.CHECK_KEY = str(world.folder), new_secret()
    world.settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
    with world.inside():
        row = guardian_of(world.person("danish"), world.person("esra"), at=AT)
        asked = {"provider": "folder", "method": "payment_card", "answer_to": PORTAL}
        check = request_check(row, **asked, actor=world.farah, at=AT)
        started = Message.objects.filter(type="guardian.check_started")
        assert not started.exists(), "the provider has not been asked yet"
    work({BEGIN: begin})
    with world.inside():
        check.refresh_from_db()
    answer_by_file(check, "passed", world.settings)
    ask(str(check.client_id), str(check.pk))
    with world.inside():
        mark_verification_false(Verification.objects.get(), actor=world.farah, at=AT + MINUTE)


@causes("guardian.school_authorised", "guardian.school_authorisation_ended")
def a_school_authorises(world: World) -> None:
    with world.inside():
        told: dict[str, Any] = {"contract_reference": "C-1", "official": "The head", "actor": world.farah}
        row = authorise_by_school(world.person("danish"), **told, at=AT)
        end_school_authorisation(row, actor=world.farah, at=AT + MINUTE)


@causes(
    *(f"guardian.{what}" for what in ("invited", "invitation_sent", "invitation_delivered", "invitation_reminded")),
    *(f"guardian.invitation_{what}" for what in ("viewed", "waits", "answered")),
)
def a_guardian_is_invited_reminded_and_says_yes(world: World) -> None:
    cast = world.cast
    with world.inside():
        esra = world.person("esra")
        invite_guardian(world.person("danish"), guardian=esra, portal=PORTAL, actor=world.farah, at=AT)
    send_letters()
    later = AT + 7 * DAY
    world.clock.move_to(later, tick=False)
    follow(cast, later)
    answer(by_link(latest_link()), child_page(cast, more="service/"), "give")
    world.clock.move_to(later + DAY, tick=False)
    follow(cast, later + DAY)
    send(by_link(latest_link()), child_page(cast, more="confirm/"), form_at=child_page(cast), answer="confirm")


@causes("consent.expired")
def consent_of_a_school_year_ends(world: World) -> None:
    with world.inside():
        give(world, ConsentState.GIVEN, AT)
        consent = Consent.objects.get(subject=world.person("junaid"))
        expire_consent(consent, **{**BY, "actor": world.farah, "at": AT + MINUTE})


@causes("guardian.invitation_refused", "guardian.invitation_failed", "guardian.invitation_expired")
def invitations_come_to_nothing(world: World) -> None:
    with world.inside():
        esra = world.person("esra")
        row = invite_guardian(world.person("danish"), guardian=esra, portal=PORTAL, actor=world.farah, at=AT)
        assert row.letter is not None
        Letter.objects.filter(pk=row.letter).update(state="failed", last_error="refused")  # as a mail server answers
    follow(world.cast, AT + DAY)
    follow(world.cast, row.closes_at)
    with world.inside():
        client = world.cast.client("indus")
        mother = SubjectFactory(client=client, external_id="lms-m", role="guardian", phone="03005550001")
        child = SubjectFactory(client=client, external_id="lms-w", birth_date=BORN["child"], phone="03005550001")
        claim_guardian(child, guardian=mother, relationship="parent", actor=world.farah, at=AT)
        invite_guardians_of([child], portal=PORTAL, actor=world.farah, at=AT)


@causes("rights_request.received", "rights_request.rights_added")
def anyone_reports_a_concern(world: World) -> None:
    with world.inside():
        words: dict[str, Any] = {"details": "I worry.", "channel": "form", "language": "en", "at": AT}
        request = receive_request(world.cast.client("indus"), kinds=["child_concern"], **words, actor=SETTING_UP)
        add_rights(request, kinds=["erasure"], actor=world.farah, at=AT)


@causes(*(f"rights_request.{step}" for step in ("received", "ordered", "orders_answered", "closed")))
def a_guardian_requests_a_copy(world: World) -> None:
    with world.inside():
        danish, esra = world.person("danish"), world.person("esra")
        verified_guardian(danish, esra, at=AT)
        told: dict[str, Any] = {"actor": world.farah, "at": AT}
        asked: dict[str, Any] = {"identity": "client", "channel": "client", **told}
        request = record_guardian_request(danish, guardian=esra, wish="copy", **asked)
        assert request is not None
        answer_orders(world, Order.objects.filter(parent_id=request.pk))
        build(request, at=AT)
        answer_request(request, text="Come to the office.", **told)
        fetched(world.cast, request, by="esra", at=AT)
        close_request(request, **told)


@causes("rights_request.corrected", "rights_request.limited")
def a_person_has_data_corrected_and_restricted(world: World) -> None:
    with world.inside():
        wrong = received(world.cast, "rectification", at=AT)
        add_correction(wrong, Statement(field="full_name", new_value="Hamza Lodhi"), actor=world.farah, at=AT)
        decided(world.cast, wrong, at=AT)
        decided(world.cast, received(world.cast, "restriction", at=AT), at=AT)


@causes("rights_request.disagreement_stated", "rights_request.disagreement_withdrawn")
def a_person_disagrees_with_a_refusal_and_takes_it_back(world: World) -> None:
    with world.inside():
        request = received(world.cast, "rectification", at=AT)
        decided(world.cast, request, "refused", at=AT, refusal_code="no_match", reasons="It is right.")
        for words in ("It is wrong.", ""):
            state_disagreement(request, text=words, actor=world.farah, at=AT)


@causes("breach.recorded", "breach.assessed", "breach.reported", "breach.closed")
def a_breach_is_recorded_assessed_reported_and_closed(world: World) -> None:
    told: dict[str, Any] = {"actor": world.cast.actor("amina"), "at": AT}
    gul = second_officer()
    with world.inside():
        breach = make_breach(world.cast.client("indus"), **told)
        assess(breach, "none", **told)
        write_to_client(breach, text="We inform you.", language="en", **told)
        send_breach_letters(breach, at=AT)
        add_measures(breach, **told)
        closing = request_closing(breach, ground="All is done.", **told)
        decide_proposed_change(closing, approve=True, actor=gul, at=AT)


@causes("hold.placed", "hold.lifted", "collection.decided")
def data_is_held_and_a_flagged_collection_is_decided(world: World) -> None:
    told: dict[str, Any] = {"actor": world.farah, "at": AT}
    with world.inside():
        scope, review_on = HoldScope(subject=world.person("hamza")), (AT + 30 * DAY).date()
        hold = place_hold(
            world.cast.client("indus"), kind="complaint", scope=scope, ground="Case 12.", review_on=review_on, **told
        )
        lift_hold_by_two(hold, by=world.farah, second=world.cast.actor("amina"), at=AT)
        report = CollectionReport(category="usage_logs", occasion="assessment", purpose="newsletter", collected_at=AT)
        report_collection(world.person("hamza"), report, actor=world.cast.key_actor("indus"), at=AT)
        flagged = FlaggedCollection.objects.get()
        decide_collection(flagged, decision="register_corrected", ground="The purpose lacked it.", **told)


@causes("hold.placed", "order.created", "order.recalled")
def a_hold_recalls_an_order(world: World) -> None:
    with world.inside():
        order = order_erasure(world)
        scope, review_on = HoldScope(subject=order.subject), (AT + 30 * DAY).date()
        client = world.cast.client("indus")
        place_hold(client, kind="legal", scope=scope, ground="Case 13.", review_on=review_on, actor=world.farah, at=AT)


@causes("disposal.flagged", "disposal.scheduled", "disposal.ordered", "disposal.certified", "disposal.cancelled")
def data_is_disposed_of(world: World) -> None:
    told: dict[str, Any] = {"actor": SETTING_UP, "at": AT}
    cast, client_id = world.cast, world.cast.client_id("indus")
    with world.inside():
        steps.rule_for(cast.client("indus"), at=AT)
        steps.hold_data(cast, "hamza", at=AT)
        batch = steps.ordered(cast, AT)
        for order in Order.objects.filter(parent_id=batch.pk):
            steps.answer(cast, order, at=AT + DAY)
        steps.certify(batch, AT + DAY)
        steps.hold_data(cast, "junaid", at=AT)
        steps.sweep(client_id, AT)
        cancel_disposal(Batch.objects.get(stage="review"), **told)


def answer_orders(world: World, orders: Any) -> None:
    """Answer orders as their systems do, by key or by hand: a record of each category is erased, nothing else found."""
    key = world.cast.key_actor("indus")
    for order in orders.select_related("system"):
        held = sorted(set(order.categories) & set(order.system.categories))
        erased = SystemAnswer(Outcome.DONE, counts=dict.fromkeys(held, 1))
        answer = erased if order.kind == "erase" else SystemAnswer(Outcome.NOT_FOUND)
        if order.system.delivery == "by_hand":
            carry_out_by_hand(order, answer, actor=world.cast.actor("amina"), at=AT)
        else:
            complete_order(accept_order(order, actor=key, at=AT), answer, actor=key, at=AT)


@causes(*(f"{limit}.{step}" for limit in ("restriction", "objection") for step in ("opened", "lifted")))
def processing_is_restricted_and_objected_to(world: World) -> None:
    with world.inside():
        danish, later = world.person("danish"), {**world.officer, "at": AT + MINUTE}
        lift_by_two(restrict_processing(danish, **world.officer), **later)
        objection = object_to_purpose(danish, purpose_code="platform_improvement", **world.officer)
        overrule_by_two(objection, **later)


@causes(
    *(f"rights_request.{step}" for step in ("received", "acknowledged", "identity_verified", "decided", "ordered")),
    *(f"rights_request.{step}" for step in ("paused", "resumed", "extended", "orders_answered", "copy_built")),
    *(f"rights_request.{step}" for step in ("answered", "closed")),
)
def a_person_requests_their_data(world: World) -> None:
    with world.inside():
        request = received(world.cast, "access", identity="", channel="form", at=AT)
        verify_identity(request, actor=world.farah, at=AT)
        pause_request(request, cause="clarification", actor=world.farah, at=AT + MINUTE)
        resume_request(request, actor=world.farah, at=AT + 2 * MINUTE)
        extend_request(request, days=5, text="Three systems must answer.", actor=world.farah, at=AT + 3 * MINUTE)
        decided(world.cast, request, at=AT + 4 * MINUTE)
        answer_orders(world, Order.objects.filter(parent_id=request.pk))
        build(request, at=AT + 4 * MINUTE)
        answer_request(request, text="Here is your data.", actor=world.farah, at=AT + 5 * MINUTE)
        fetched(world.cast, request, at=AT + 5 * MINUTE)
        close_request(request, actor=world.farah, at=AT + 6 * MINUTE)


@causes(*(f"rights_request.{step}" for step in ("escalated", "overdue", "linked", "withdrawn")))
def a_request_waits_too_long(world: World) -> None:
    with world.inside():
        first = received(world.cast, "access", at=AT - 31 * DAY)
        link_duplicate(received(world.cast, "access", at=AT), other=first, actor=world.cast.actor("amina"), at=AT)
        assert carry_out_due_steps(world.client_id, actor=WORKER, at=AT) > 1
        forged = received(world.cast, "access", identity="", channel="form", at=AT)
        hamza = world.person("hamza")
        deny_own_request(forged, by_code=True, actor=person_actor(hamza.pk, world.client_id, acts_for=hamza.pk), at=AT)


@causes("purpose.widened")
def a_purpose_is_widened(world: World) -> None:
    share_purpose(world.cast)
    with in_client(PAKTALEEM):
        purpose = Purpose.objects.get(code=PURPOSE, client_id=PAKTALEEM)
        widen_purpose(purpose, categories=["device"], **world.officer)


@causes("subject.comes_of_age")
def a_child_comes_of_age_soon(world: World) -> None:
    with world.inside():
        born = (AT + 20 * DAY).date()
        details = {"birth_date": born.replace(year=born.year - 13), "at": AT - DAY}
        SubjectFactory(client=world.cast.client("indus"), external_id="lms-sana", **details)
        assert send_age_notices(world.client_id, actor=WORKER, at=AT) == 1


@causes("subject.quarantined", "subject.released")
def a_report_is_unfounded(world: World) -> None:
    with world.inside():
        quarantine(world.person("danish"), cause="report", **world.officer)
        release(world.person("danish"), **{**world.officer, "at": AT + MINUTE})


@causes("incident.opened", "incident.widened", "incident.overdue", "incident.closed")
def data_of_a_child_is_collected_without_authority(world: World) -> None:
    with world.inside():
        make_system(world.cast.client("indus"), "devices", ["device"])
        for category in ("usage_logs", "device"):
            seen = CollectionReport(category=category, occasion="assessment", purpose="support", collected_at=AT)
            _, incident = report_collection(world.person("danish"), seen, actor=world.cast.key_actor("indus"), at=AT)
        assert incident is not None
        assert notify_overdue(world.client_id, actor=WORKER, at=incident.due_at + MINUTE) == 1
        answer_orders(world, Order.objects.filter(parent_id=incident.pk))


@causes("subject.erasure_started", "subject.erased", "subject.readmitted")
def a_person_is_erased_and_readmitted(world: World) -> None:
    second = user_actor(new_id(), "privacy_officer", PAKTALEEM)
    with world.inside():
        erasure = start_erasure(world.person("danish"), **world.officer)
        answer_orders(world, Order.objects.filter(parent_id=erasure.pk))
        assert complete_erasure(erasure, actor=WORKER, at=AT + MINUTE)
        told: dict[str, Any] = {"actor": world.cast.actor("amina"), "at": AT + 2 * MINUTE}
        readmission = request_readmission("lms-danish", client_id=world.client_id, ground="They asked for it.", **told)
        approve_readmission(readmission, actor=second, at=AT + 3 * MINUTE)


@causes("subject.merged", "subject.merge_undone")
def two_records_are_found_to_be_one_person(world: World) -> None:
    with world.inside():
        junaid, second = world.person("junaid"), second_record(world.cast)
        linked(junaid, second, world.cast, AT)
        taken_apart(junaid, second, world.cast, AT + MINUTE)


@causes("erasure.certified")
def a_request_for_erasure_is_carried_out(world: World) -> None:
    with world.inside():
        request = decided(world.cast, received(world.cast, "erasure", at=AT), at=AT)
        proposal = ErasureProposal.objects.get(request=request, stage="proposed")
        approved = decide_erasure(proposal, approve=True, actor=erasing.second(world.cast), at=AT)
        answer_request(request, text="Your data will be erased.", actor=world.farah, at=AT)
        erasing.certified(world.cast, approved, AT + 3 * DAY)


@causes(
    "order.set_created",
    *(f"order.{state}" for state in ("created", "accepted", "confirmed", "not_found", "failed")),
    *(f"order.{state}" for state in ("not_applicable", "waived")),
)
def systems_answer_their_orders(world: World) -> None:
    key, second = world.cast.key_actor("indus"), user_actor(new_id(), "privacy_officer", PAKTALEEM)
    found = [
        SystemAnswer(Outcome.DONE, counts={"usage_logs": 1}),
        SystemAnswer(Outcome.NOT_FOUND),
        SystemAnswer(Outcome.NOT_APPLICABLE, reason="legal_duty"),
    ]
    with world.inside():
        for one in found:
            complete_order(accept_order(order_erasure(world), actor=key, at=AT), one, actor=key, at=AT)
        failing = accept_order(order_erasure(world), actor=key, at=AT)
        fail_order(failing, code="locked", again=True, actor=key, at=AT)
        propose_waiver(failing, ground="Shut down.", **world.officer)
        approve_waiver(failing, actor=second, at=AT)
        people = Subject.objects.filter(pk=world.person("junaid").pk)
        issue_orders_for_set(people, OrderSpecFactory(at=AT), client_id=world.client_id, actor=SETTING_UP, at=AT)


def order_erasure(world: World) -> Order:
    [order] = issue_orders(world.person("hamza"), OrderSpecFactory(at=AT), actor=SETTING_UP, at=AT)
    return order
