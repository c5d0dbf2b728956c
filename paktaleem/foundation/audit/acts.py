"""The catalogue of acts: each kind of ledger entry, its name, and the webhook events that are sent for it. Pure.

A kind is a stable code for machines. An event repeats ids and codes of the entry's facts, never a name, an address or a
text, because receivers may log payloads. From this table follow the names in the ledger and on webhook pages, the
events that can be subscribed to, the database's list of them (``webhooks_events``), and the table in
``docs/lms-developer.md``. The suite fails if a recorded act is missing (``tests/project/test_words_of_acts.py``).
"""

from typing import NamedTuple

from paktaleem.foundation.text.marking import mark as _


class SentEvent(NamedTuple):
    """A webhook event that is sent for an act.

    ``facts`` are the entry's facts that it repeats; ``type`` is empty for the act's own kind, ``label`` for the act's
    own name. ``row`` limits an act of the register to one kind of row. ``is_shared`` events happen at PakTaleem and
    concern every client.
    """

    facts: tuple[str, ...]
    type: str = ""
    label: str = ""
    row: str = ""
    is_shared: bool = False


class Act(NamedTuple):
    """A kind of ledger entry, its name, and the events sent for it."""

    kind: str
    name: str
    events: tuple[SentEvent, ...] = ()


def make_act(kind: str, name: str, *events: SentEvent) -> Act:
    """Return an act with its name and the events sent for it."""
    return Act(kind, name, events)


def make_event(*facts: str, sent_as: str = "", label: str = "", row: str = "", is_shared: bool = False) -> SentEvent:
    """Return an event that repeats these facts of its entry."""
    return SentEvent(facts, sent_as, label, row, is_shared)


_CASE = ("kind", "due_at", "outcome")
_RIGHTS = ("rights_request", "kind", "state", "due_at", "expected_by")
_HOLD = ("hold", "kind", "category", "review_on")
_INCIDENT = ("incident", "cause", "due_at")
_DISPOSAL = ("disposal", "ground", "size")
_BREACH = ("breach", "incident", "known_at", "due_at", "categories", "outcome")

RIGHTS_ACTS = (
    make_act("activity.reported", _("Activity reported")),
    make_act("breach.assessed", _("Risk of a breach assessed"), make_event(*_BREACH)),
    make_act("breach.closed", _("Breach closed"), make_event(*_BREACH)),
    make_act("breach.closing_declined", _("Closing of a breach declined")),
    make_act("breach.closing_requested", _("Closing of a breach requested")),
    make_act("breach.measures_recorded", _("Measures after a breach recorded")),
    make_act("breach.recorded", _("Breach of personal data recorded"), make_event(*_BREACH)),
    make_act("breach.reminded", _("Staff reminded of the deadline of a breach")),
    make_act(
        "breach.reported", _("Client, authority or people informed of a breach"), make_event(*_BREACH, "audience")
    ),
    make_act("collection.decided", _("Flagged collection decided"), make_event("collection", "category", "outcome")),
    make_act("collection.reported", _("Collection reported")),
    make_act("disposal.approval_declined", _("Disposal sent back to review by the second person")),
    make_act("disposal.approval_requested", _("Disposal needs a second person")),
    make_act("disposal.cancelled", _("Disposal ended without orders"), make_event(*_DISPOSAL)),
    make_act("disposal.certified", _("Disposal certified"), make_event("disposal", "number", "ground", "sha256")),
    make_act("disposal.continued", _("Disposal continued")),
    make_act("disposal.flagged", _("Data flagged for disposal"), make_event(*_DISPOSAL)),
    make_act("disposal.interrupted", _("Disposal interrupted")),
    make_act("disposal.item_taken_out", _("Holding taken out of a disposal")),
    make_act("disposal.opened", _("Disposal opened")),
    make_act(
        "disposal.ordered", _("Disposal ordered from the systems"), make_event(*_DISPOSAL, "ordered", "sent_back")
    ),
    make_act("disposal.scheduled", _("Disposal approved and scheduled"), make_event(*_DISPOSAL, "starts_at")),
    make_act("erasure.announced", _("Person informed of an erasure")),
    make_act("erasure.approved", _("Erasure approved by a second person")),
    make_act("erasure.cancelled", _("Erasure cancelled")),
    make_act("erasure.certified", _("Erasure certified"), make_event("rights_request", "number", "sha256")),
    make_act("erasure.declined", _("Erasure declined")),
    make_act("erasure.ordered", _("Erasure started after its cooling-off")),
    make_act("erasure.proposed", _("Erasure proposed")),
    make_act("erasure.sent_back", _("Erasure sent back: something changed")),
    make_act("erasure.verification_failed", _("Verification of an erasure failed")),
    make_act("exit.approved", _("Exit of a client approved")),
    make_act("exit.certified", _("Exit of a client certified")),
    make_act("exit.continued", _("Exit of a client continued")),
    make_act("exit.declined", _("Exit of a client declined")),
    make_act("exit.deletion_started", _("Deletion of a client’s data started")),
    make_act("exit.exported", _("Export for a client written")),
    make_act("exit.interrupted", _("Exit of a client interrupted")),
    make_act("exit.part_opened", _("Part of an export opened")),
    make_act("exit.proposed", _("Exit of a client proposed")),
    make_act("exit.return_declined", _("Client declined the return of its data")),
    make_act("exit.returned", _("Client confirmed the return of its data")),
    make_act("exit.systems_answered", _("Every system has answered the exit of a client")),
    make_act("hold.lift_declined", _("Lifting of a legal hold declined")),
    make_act("hold.lift_requested", _("Lifting of a legal hold requested")),
    make_act("hold.lifted", _("Hold lifted"), make_event(*_HOLD)),
    make_act("hold.placed", _("Hold placed"), make_event(*_HOLD)),
    make_act("hold.reviewed", _("Hold reviewed")),
    make_act("incident.closed", _("Incident closed"), make_event(*_INCIDENT)),
    make_act("incident.opened", _("Incident opened"), make_event(*_INCIDENT)),
    make_act("incident.overdue", _("Incident overdue"), make_event(*_INCIDENT)),
    make_act("incident.widened", _("Incident extended"), make_event(*_INCIDENT)),
    make_act("objection.lifted", _("Objection lifted"), make_event("id", "purpose")),
    make_act("objection.opened", _("Objection opened"), make_event("id", "purpose")),
    make_act("objection.overruling_proposed", _("Overruling of an objection proposed")),
    make_act("objection.overruling_settled", _("Overruling of an objection approved or declined")),
    make_act("restriction.lift_announced", _("Person informed that a restriction will be lifted")),
    make_act("restriction.lifted", _("Restriction lifted"), make_event("id", "purpose")),
    make_act("restriction.opened", _("Processing restricted"), make_event("id", "purpose")),
    make_act("rights_request.acknowledged", _("Rights request acknowledged"), make_event(*_RIGHTS)),
    make_act("rights_request.answered", _("Rights request answered"), make_event(*_RIGHTS)),
    make_act("rights_request.assigned", _("Rights request assigned to a colleague")),
    make_act("rights_request.authority_case_ended", _("Case of a supervisory authority ended")),
    make_act("rights_request.authority_case_opened", _("Case of a supervisory authority recorded")),
    make_act("rights_request.called_back", _("Person of a rights request called back")),
    make_act("rights_request.closed", _("Rights request closed"), make_event("rights_request", *_CASE)),
    make_act("rights_request.continued", _("Rights request took over a duplicate")),
    make_act("rights_request.copy_built", _("Copy of the data built"), make_event(*_RIGHTS)),
    make_act("rights_request.copy_ended", _("Copy of the data deleted")),
    make_act("rights_request.copy_failed", _("Copy of the data could not be built")),
    make_act("rights_request.copy_fetched", _("Copy of the data fetched by the person")),
    make_act("rights_request.copy_handed_over", _("Copy of the data handed over by staff")),
    make_act("rights_request.copy_requested", _("Copy of the data to be built")),
    make_act("rights_request.corrected", _("Corrections of a rights request made"), make_event(*_RIGHTS)),
    make_act("rights_request.correction_added", _("Correction added to a rights request")),
    make_act("rights_request.correction_refused", _("Correction of a rights request refused")),
    make_act("rights_request.decided", _("Part of a rights request decided"), make_event(*_RIGHTS)),
    make_act("rights_request.delivered", _("Answer or notice about a rights request reached the person")),
    make_act("rights_request.escalated", _("Rights request escalated to PakTaleem"), make_event(*_RIGHTS)),
    make_act("rights_request.extended", _("Rights request extended"), make_event(*_RIGHTS)),
    make_act("rights_request.forgotten", _("Text of a rights request deleted")),
    make_act("rights_request.handed_over", _("Rights request handed over to a client")),
    make_act("rights_request.identity_verified", _("Identity for a rights request verified"), make_event(*_RIGHTS)),
    make_act(
        "rights_request.limited", _("Restriction or objection of a rights request recorded"), make_event(*_RIGHTS)
    ),
    make_act("rights_request.informed", _("Other contacts informed of a rights request")),
    make_act("rights_request.letter_sent", _("Letter about a rights request sent")),
    make_act("rights_request.linked", _("Rights request linked as a duplicate"), make_event(*_RIGHTS)),
    make_act("rights_request.matched", _("Rights request assigned to a person")),
    make_act("rights_request.note_added", _("Note added to a rights request")),
    make_act("rights_request.message_received", _("Message about a rights request received")),
    make_act("rights_request.notice_needed", _("Rights request needs a reasoned notice")),
    make_act("rights_request.ordered", _("Orders for a rights request created"), make_event("rights_request", *_CASE)),
    make_act(
        "rights_request.orders_answered",
        _("Orders for a rights request answered"),
        make_event("rights_request", *_CASE),
    ),
    make_act("rights_request.overdue", _("Rights request overdue"), make_event(*_RIGHTS)),
    make_act("rights_request.paused", _("Rights request paused"), make_event(*_RIGHTS)),
    make_act("rights_request.read", _("Rights request read")),
    make_act("rights_request.received", _("Rights request received"), make_event("rights_request", *_CASE)),
    make_act("rights_request.recipient_informed", _("Recipient informed of a correction, restriction or erasure")),
    make_act(
        "rights_request.recipients_listed",
        _("Recipients to be informed of a correction, restriction or erasure listed"),
    ),
    make_act("rights_request.reminded", _("Reminder of a rights request")),
    make_act("rights_request.resumed", _("Rights request resumed"), make_event(*_RIGHTS)),
    make_act("rights_request.rights_added", _("Question or concern turned into a right"), make_event(*_RIGHTS)),
    make_act("rights_request.routed", _("Part of a rights request passed to its controller")),
    make_act("rights_request.task_added", _("Task about a rights request added")),
    make_act("rights_request.task_done", _("Task about a rights request done")),
    make_act("rights_request.undelivered", _("Answer or notice about a rights request could not be delivered")),
    make_act("rights_request.withdrawn", _("Rights request withdrawn by the person"), make_event(*_RIGHTS)),
)


_CONSENT = ("event", "purpose", "expires_at")
_NOTICE = ("notice", "number", "material")
_RECIPIENT, _APPROVAL = "consent.recipient", "consent.recipientapproval"
_APPROVED = ("id", "recipient", "objection_until")
_GUARDIAN = ("guardianship", "guardian")
_CHECK = ("check", *_GUARDIAN, "method", "state")
_INVITATION = ("invitation", "guardian", "state", "channel", "problem")
_ORDER = ("order", "kind", "system")

_OTHERS = (
    make_act("access_review.confirmed", _("Access of staff confirmed")),
    make_act("access_review.locked", _("Review of access closed: unconfirmed memberships locked")),
    make_act("access_review.opened", _("Review of access opened")),
    make_act("agreement.document_added", _("Document of an agreement added")),
    make_act("agreement.document_opened", _("Document of an agreement opened")),
    make_act("agreement.signature_given", _("Agreement signed by one side")),
    make_act("agreement.signed", _("Agreement signed by both sides")),
    make_act("agreement.signing_declined", _("Signing of an agreement declined")),
    make_act("answer.confirmed", _("Answer on paper confirmed")),
    make_act("answer.dismissed", _("Answer on paper dismissed")),
    make_act("answer.entered", _("Answers on paper entered")),
    make_act("api_key.issued", _("API key issued")),
    make_act("api_key.narrowed", _("Scopes taken from an API key")),
    make_act("api_key.revoked", _("API key revoked")),
    make_act("api_key.rotated", _("API key replaced")),
    make_act("backup.drill_failed", _("Drill of a restore failed")),
    make_act("backup.drill_passed", _("Drill of a restore passed")),
    make_act("backup.made", _("Verified backup made")),
    make_act("balancing.signed", _("Balancing test signed")),
    make_act("business_transfer.requested", _("Business transfer requested")),
    make_act("business_transfer.settled", _("Business transfer approved or declined")),
    make_act("client.change_settled", _("Change of a client approved or rejected")),
    make_act("client.change_waiting", _("Change of a client awaits approval by a second person")),
    make_act("client.changed", _("Client changed")),
    make_act("client.decision_allowed", _("First decision of a client's set-up allowed")),
    make_act("client.mechanism_declared", _("Client declared its age check and guardian consent methods")),
    make_act("client.registered", _("Client registered")),
    make_act("consent.deferred", _("Consent deferred"), make_event(*_CONSENT)),
    make_act("consent.evidence_added", _("Evidence added to a consent")),
    make_act("consent.evidence_exported", _("Evidence of consents exported")),
    make_act("consent.expired", _("Consent expired"), make_event(*_CONSENT)),
    make_act("consent.given", _("Consent given"), make_event(*_CONSENT)),
    make_act("consent.invalidated", _("Consent invalidated"), make_event(*_CONSENT)),
    make_act("consent.outdated", _("Consent outdated")),
    make_act("consent.refused", _("Consent refused"), make_event(*_CONSENT)),
    make_act("consent.requested", _("Consent requested"), make_event(*_CONSENT)),
    make_act("consent.revoked", _("Consent revoked"), make_event(*_CONSENT)),
    make_act("consent.unknown", _("Consent unknown")),
    make_act("consent.withdrawn", _("Consent withdrawn"), make_event(*_CONSENT)),
    make_act("cookie.banner_published", _("Texts of the cookie banner published")),
    make_act("digest.sent", _("Weekly digest sent")),
    make_act(
        "disclosure.denied",
        _("Disclosure reported although the decision denies it"),
        make_event("disclosure", "recipient", "purpose", "decision"),
    ),
    make_act("disclosure.reported", _("Disclosure reported")),
    make_act("duty.attested", _("Duty of a client attested")),
    make_act("duty.reminded", _("Client reminded of its duties")),
    make_act("form.made", _("Consent form made")),
    make_act("form.printed", _("Consent form printed")),
    make_act(
        "guardian.answered_elsewhere",
        _("Guardian answered through another channel"),
        make_event(*_INVITATION, sent_as="guardian.invitation_answered"),
    ),
    make_act("guardian.asked_to_confirm", _("Guardian asked to confirm a second time")),
    make_act(
        "guardian.change_settled",
        _("Change of a guardian approved or rejected"),
        make_event("change", "guardianship", "state"),
    ),
    make_act(
        "guardian.change_waiting",
        _("Change of a guardian awaits approval by a second person"),
        make_event("change", "guardianship", "state"),
    ),
    make_act("guardian.changed", _("Guardian's authority changed"), make_event(*_GUARDIAN)),
    make_act("guardian.check_requested", _("Provider's check of a guardian requested")),
    make_act("guardian.check_settled", _("Provider's check of a guardian completed"), make_event(*_CHECK)),
    make_act("guardian.check_shown", _("Web address of a guardian's check viewed")),
    make_act("guardian.check_started", _("Provider's check of a guardian started"), make_event(*_CHECK)),
    make_act("guardian.claim_ended", _("Guardian no longer listed by the school"), make_event("guardian")),
    make_act("guardian.claimed", _("Guardian listed in a roster"), make_event("guardian")),
    make_act("guardian.confirmed", _("Guardian confirmed a second time")),
    make_act(
        "guardian.conflict_closed", _("Guardians' disagreement resolved"), make_event("case", "purpose", "outcome")
    ),
    make_act("guardian.conflict_opened", _("Guardians disagree"), make_event("case", "purpose", "outcome")),
    make_act("guardian.contact_forgotten", _("Guardian's contact details deleted")),
    make_act("guardian.data_kept", _("Guardian allowed the data to be kept"), make_event("guardian")),
    make_act("guardian.ended", _("Guardian ended"), make_event(*_GUARDIAN)),
    make_act(
        "guardian.given",
        _("Guardian authorised the service"),
        make_event("authorisation", "guardian", "shares", "expires_at"),
    ),
    make_act("guardian.invitation_answered", _("Guardian answered the invitation"), make_event(*_INVITATION)),
    make_act("guardian.invitation_expired", _("Invitation of a guardian expired"), make_event(*_INVITATION)),
    make_act("guardian.invited", _("Guardian invited"), make_event(*_INVITATION)),
    make_act("guardian.named", _("Guardian registered"), make_event(*_GUARDIAN)),
    make_act(
        "guardian.not_invited",
        _("Guardian could not be invited"),
        make_event(*_INVITATION, sent_as="guardian.invitation_refused"),
    ),
    make_act(
        "guardian.not_reached",
        _("Message to a guardian not delivered"),
        make_event(*_INVITATION, sent_as="guardian.invitation_failed"),
    ),
    make_act(
        "guardian.reached",
        _("Message to a guardian delivered"),
        make_event(*_INVITATION, sent_as="guardian.invitation_delivered"),
    ),
    make_act(
        "guardian.refused",
        _("Guardian refused the service"),
        make_event("authorisation", "guardian", "shares", "expires_at"),
    ),
    make_act(
        "guardian.reminded", _("Guardian reminded"), make_event(*_INVITATION, sent_as="guardian.invitation_reminded")
    ),
    make_act(
        "guardian.said_yes",
        _("Guardian agreed; confirmation pending"),
        make_event(*_INVITATION, sent_as="guardian.invitation_waits"),
    ),
    make_act(
        "guardian.school_authorisation_ended",
        _("Authorisation by the school ended"),
        make_event("school_authorisation", "contract"),
    ),
    make_act(
        "guardian.school_authorised", _("School authorised the service"), make_event("school_authorisation", "contract")
    ),
    make_act(
        "guardian.verification_false",
        _("Verification of a guardian revoked as false"),
        make_event(*_GUARDIAN, "method"),
    ),
    make_act("guardian.verified", _("Guardian verified"), make_event(*_GUARDIAN, "method", "strength", "expires_at")),
    make_act(
        "guardian.viewed", _("Guardian opened the page"), make_event(*_INVITATION, sent_as="guardian.invitation_viewed")
    ),
    make_act(
        "guardian.withdrawn",
        _("Guardian withdrew the authorisation"),
        make_event("authorisation", "guardian", "shares", "expires_at"),
    ),
    make_act(
        "guardian.written_to",
        _("Message to a guardian sent"),
        make_event(*_INVITATION, sent_as="guardian.invitation_sent"),
    ),
    make_act("key_epoch.added", _("Wrapping key added")),
    make_act("key_epoch.destroyed", _("Wrapping key destroyed")),
    make_act("key_epoch.emptied", _("Wrapping key no longer in use")),
    make_act("legal_disclosure.made", _("Data disclosed to an authority")),
    make_act("legal_disclosure.requested", _("Disclosure to an authority requested")),
    make_act("legal_disclosure.settled", _("Disclosure to an authority approved or declined")),
    make_act("letter.failed", _("Message not delivered")),
    make_act("letter.requeued", _("Message queued again")),
    make_act("letter.sent", _("Message sent")),
    make_act("link.reviewed", _("Linked service reviewed")),
    make_act("list.exported", _("List exported")),
    make_act("membership.changed", _("Membership changed")),
    make_act("membership.ended", _("Membership ended")),
    make_act("membership.restored", _("Locked membership restored")),
    make_act("membership.suspended", _("Membership locked after a review of access")),
    make_act("message.file_taken", _("File of a message downloaded")),
    make_act("message.read", _("Message read")),
    make_act("message.received", _("Message received")),
    make_act("message.settled", _("Message settled")),
    make_act("notice.acknowledged", _("Client acknowledged a notice")),
    make_act("notice.announced", _("Notice announced"), make_event(*_NOTICE, "effective_at", is_shared=True)),
    make_act("notice.answered", _("Objection to a notice answered")),
    make_act("notice.dispatched", _("Notice sent to a client"), make_event(*_NOTICE, "takes_effect_at")),
    make_act("notice.objected", _("Client objected to a notice")),
    make_act("notice.published", _("Notice published"), make_event(*_NOTICE, "effective_at", is_shared=True)),
    make_act("notice.took_effect", _("Notice took effect"), make_event(*_NOTICE, "took_effect_at")),
    make_act("notice.withdrawn", _("Client withdrew its objection to a notice")),
    make_act("order.accepted", _("Order accepted by its system"), make_event(*_ORDER)),
    make_act("order.confirmed", _("Order completed"), make_event(*_ORDER)),
    make_act("order.copies_purged", _("Data given for an order deleted")),
    make_act("order.created", _("Order created"), make_event(*_ORDER)),
    make_act("order.disputed", _("Answer to an order contradicts what was reported")),
    make_act("order.failed", _("Order failed"), make_event(*_ORDER)),
    make_act("order.not_applicable", _("Order no longer applies"), make_event(*_ORDER)),
    make_act("order.not_found", _("System does not know the person"), make_event(*_ORDER)),
    make_act("order.part_added", _("File added to an order")),
    make_act("order.recalled", _("Order recalled by a hold"), make_event(*_ORDER)),
    make_act("order.requeued", _("Order queued again")),
    make_act("order.sent", _("Order sent to its system")),
    make_act("order.set_created", _("Orders for many people created"), make_event("set", "kind", "count")),
    make_act("order.waived", _("Order waived"), make_event(*_ORDER)),
    make_act("order.waiver_proposed", _("Waiver of an order proposed")),
    make_act("page_code.accepted", _("One-time code accepted")),
    make_act("page_link.issued", _("Access link issued")),
    make_act("page_link.opened", _("Access link opened")),
    make_act("people.searched", _("People searched")),
    make_act("period.change_requested", _("Another period of the portal’s own data requested")),
    make_act("period.change_settled", _("Another period of the portal’s own data approved or declined")),
    make_act("policy.acknowledged", _("Policy acknowledged")),
    make_act("purpose.widened", _("Purpose widened"), make_event("purpose", "kind", "added", is_shared=True)),
    make_act(
        "readmission.approved",
        _("Readmission approved"),
        make_event(sent_as="subject.readmitted", label=_("Person may be registered again")),
    ),
    make_act("readmission.requested", _("Readmission requested")),
    make_act(
        "register.added",
        _("Register entry added"),
        make_event("id", sent_as="recipient.added", label=_("Recipient added"), row=_RECIPIENT, is_shared=True),
        make_event(
            *_APPROVED, sent_as="recipient.approved", label=_("Recipient approved"), row=_APPROVAL, is_shared=True
        ),
    ),
    make_act(
        "register.changed",
        _("Register entry changed"),
        make_event("id", sent_as="recipient.changed", label=_("Recipient changed"), row=_RECIPIENT, is_shared=True),
        make_event(
            *_APPROVED,
            sent_as="recipient.approval_changed",
            label=_("Approval of a recipient changed"),
            row=_APPROVAL,
            is_shared=True,
        ),
    ),
    make_act("roster.checked", _("Roster checked")),
    make_act("roster.discarded", _("Roster discarded")),
    make_act("roster.imported", _("Roster imported")),
    make_act("roster.refused", _("Roster refused")),
    make_act("safeguard.change_settled", _("Change to a safeguard approved or rejected")),
    make_act("safeguard.change_waiting", _("Change to a safeguard awaits approval by a second person")),
    make_act("regulator_pack.built", _("Pack for a regulator gathered")),
    make_act("regulator_pack.failed", _("Pack for a regulator could not be gathered")),
    make_act("regulator_pack.requested", _("Pack for a regulator requested")),
    make_act("regulator_pack.taken", _("Pack for a regulator downloaded")),
    make_act("sample.drawn", _("Sample drawn for an audit")),
    make_act("sandbox.clock_moved", _("Clock of a sandbox moved ahead")),
    make_act("sandbox.started_over", _("Sandbox reset")),
    make_act("schools.recorded", _("Schools, classes or enrolments recorded")),
    make_act("security_assessment.recorded", _("Security assessment recorded")),
    make_act("security_assessment.report_opened", _("Report of a security assessment opened")),
    make_act("sign_in.ended", _("Session ended")),
    make_act("sign_in.locked_out", _("Sign-in locked after too many attempts")),
    make_act("sign_in.succeeded", _("Signed in")),
    make_act("single_sign_on.ended", _("Single sign-on ended")),
    make_act("single_sign_on.linked", _("School account linked to a member of staff")),
    make_act("single_sign_on.passwords_allowed", _("Passwords let in again beside single sign-on")),
    make_act("single_sign_on.proposed", _("Single sign-on proposed")),
    make_act("single_sign_on.required", _("Single sign-on required")),
    make_act("single_sign_on.settled", _("Single sign-on approved or declined")),
    make_act("single_sign_on.unlinked", _("School account unlinked from a member of staff")),
    make_act("staff.break_glass_used", _("Break-glass act of the host")),
    make_act("staff.change_settled", _("Change of staff approved or declined")),
    make_act("staff.change_waiting", _("Change of staff awaits approval by a second officer")),
    make_act("subject.account_closed", _("Account of a person closed")),
    make_act("subject.active", _("Person was active")),
    make_act("subject.age_change_settled", _("Change of an age approved or rejected")),
    make_act("subject.age_change_waiting", _("Change of an age awaits approval by a second person")),
    make_act(
        "subject.age_notice",
        _("Advance notice of reaching the age of consent"),
        make_event("notice", sent_as="subject.comes_of_age"),
    ),
    make_act("subject.changed", _("Person changed")),
    make_act("subject.corrected", _("Field of a person corrected by staff or on request")),
    make_act("subject.erased", _("Person erased"), make_event("erasure")),
    make_act("subject.erasure_started", _("Erasure of a person confirmed"), make_event("erasure")),
    make_act("subject.key_replaced", _("Key of a person replaced")),
    make_act("subject.merge_settled", _("Link of records of one person confirmed or declined")),
    make_act(
        "subject.merge_undone", _("Records are no longer linked as one person"), make_event("merge", "main", "other")
    ),
    make_act("subject.merge_waiting", _("Link of records of one person awaits a second person")),
    make_act("subject.merged", _("Records linked as one person"), make_event("merge", "main", "other")),
    make_act("subject.moved", _("Pupil moved to other classes")),
    make_act("subject.quarantined", _("Data quarantined"), make_event("cause")),
    make_act("subject.recipient_informed", _("Recipient informed about a person")),
    make_act("subject.recipients_listed", _("Recipients to be informed about a person listed")),
    make_act("subject.registered", _("Person registered")),
    make_act("subject.released", _("Data released from quarantine"), make_event("cause")),
    make_act("system.changed", _("System changed")),
    make_act("system.end_declined", _("End of a system declined")),
    make_act("system.end_proposed", _("End of a system proposed")),
    make_act("system.ended", _("System ended")),
    make_act("system.key_ended", _("Key of a system withdrawn")),
    make_act("system.key_let_in", _("Key allowed for a system")),
    make_act("system.registered", _("System registered")),
    make_act("user.changed", _("Account changed")),
    make_act("user.code_used", _("Recovery code used")),
    make_act("user.codes_renewed", _("Recovery codes renewed")),
    make_act("user.email_changed", _("Email address of an account changed")),
    make_act("user.enabled", _("Account re-enabled")),
    make_act("user.invited", _("Account created and invited")),
    make_act("user.key_added", _("Security key added")),
    make_act("user.key_removed", _("Security key removed")),
    make_act("user.link_sent_again", _("Link to set a password sent again")),
    make_act("user.password_changed", _("Password changed")),
    make_act("user.password_link_sent", _("Password link sent by officers")),
    make_act("user.password_reset", _("Password reset by email link")),
    make_act("user.second_factor_reset", _("Second factor reset")),
    make_act("user.totp_added", _("Authenticator app added")),
    make_act("user.totp_removed", _("Authenticator app removed")),
    make_act("webhook.added", _("Webhook added")),
    make_act("webhook.changed", _("Webhook changed")),
    make_act("webhook.disabled", _("Webhook disabled")),
    make_act("webhook.enabled", _("Webhook enabled")),
    make_act("webhook.removed", _("Webhook removed")),
    make_act("webhook.replayed", _("Webhook messages sent again")),
    make_act("webhook.secret_rotated", _("Secret of a webhook replaced")),
    make_act("year_end.done", _("School year ended")),
)

ACTS = tuple(sorted((*_OTHERS, *RIGHTS_ACTS)))
"""All acts, by kind."""
"""Every kind of ledger entry, by kind."""

ACT_NAMES = {act.kind: act.name for act in ACTS}
