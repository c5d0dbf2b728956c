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


def _act(kind: str, name: str, *events: SentEvent) -> Act:
    return Act(kind, name, events)


def _event(*facts: str, sent_as: str = "", label: str = "", row: str = "", is_shared: bool = False) -> SentEvent:
    return SentEvent(facts, sent_as, label, row, is_shared)


def _of_recipient(kind: str, label: str, *facts: str, row: str) -> SentEvent:
    return _event(*facts, sent_as=f"recipient.{kind}", label=label, row=f"consent.recipient{row}", is_shared=True)


_CASE = ("kind", "due_at", "outcome")
_RIGHTS = ("rights_request", "kind", "state", "due_at", "expected_by")
_HOLD = ("hold", "kind", "category", "review_on")
_INCIDENT = ("incident", "cause", "due_at")
_DISPOSAL = ("disposal", "ground", "size")
_BREACH = ("breach", "incident", "known_at", "due_at", "categories", "outcome")

_RECIPIENTS = _("Recipients to be informed of a correction, restriction or erasure listed")
_OF_RIGHTS = (
    _act("activity.reported", _("Activity reported")),
    _act("breach.assessed", _("Risk of a breach assessed"), _event(*_BREACH)),
    _act("breach.closed", _("Breach closed"), _event(*_BREACH)),
    _act("breach.closing_declined", _("Closing of a breach declined")),
    _act("breach.closing_requested", _("Closing of a breach requested")),
    _act("breach.measures_recorded", _("Measures after a breach recorded")),
    _act("breach.recorded", _("Breach of personal data recorded"), _event(*_BREACH)),
    _act("breach.reminded", _("Staff reminded of the deadline of a breach")),
    _act("breach.reported", _("Client, authority or people informed of a breach"), _event(*_BREACH, "audience")),
    _act("collection.decided", _("Flagged collection decided"), _event("collection", "category", "outcome")),
    _act("collection.reported", _("Collection reported")),
    _act("data_map.confirmed", _("Line of the data map confirmed by the client")),
    _act("data_map.declared", _("Line of the data map declared")),
    _act("data_map.ended", _("Line of the data map ended")),
    _act("decision_log.changed", _("Decision log changed")),
    _act("decision_log.turned_down", _("Less of the decisions logged, or for fewer days")),
    _act("disposal.approval_declined", _("Disposal sent back to review by the second person")),
    _act("disposal.approval_requested", _("Disposal needs a second person")),
    _act("disposal.cancelled", _("Disposal ended without orders"), _event(*_DISPOSAL)),
    _act("disposal.certified", _("Disposal certified"), _event("disposal", "number", "ground", "sha256")),
    _act("disposal.continued", _("Disposal continued")),
    _act("disposal.flagged", _("Data flagged for disposal"), _event(*_DISPOSAL)),
    _act("disposal.interrupted", _("Disposal interrupted")),
    _act("disposal.item_taken_out", _("Holding taken out of a disposal")),
    _act("disposal.opened", _("Disposal opened")),
    _act("disposal.ordered", _("Disposal ordered from the systems"), _event(*_DISPOSAL, "ordered", "sent_back")),
    _act("disposal.scheduled", _("Disposal approved and scheduled"), _event(*_DISPOSAL, "starts_at")),
    _act("erasure.announced", _("Person informed of an erasure")),
    _act("erasure.approved", _("Erasure approved by a second person")),
    _act("erasure.cancelled", _("Erasure cancelled")),
    _act("erasure.certified", _("Erasure certified"), _event("rights_request", "number", "sha256")),
    _act("erasure.declined", _("Erasure declined")),
    _act("erasure.ordered", _("Erasure started after its cooling-off")),
    _act("erasure.proposed", _("Erasure proposed")),
    _act("erasure.sent_back", _("Erasure sent back: something changed")),
    _act("erasure.verification_failed", _("Verification of an erasure failed")),
    _act("exit.approved", _("Exit of a client approved")),
    _act("exit.certified", _("Exit of a client certified")),
    _act("exit.continued", _("Exit of a client continued")),
    _act("exit.declined", _("Exit of a client declined")),
    _act("exit.deletion_started", _("Deletion of a client’s data started")),
    _act("exit.exported", _("Export for a client written")),
    _act("exit.interrupted", _("Exit of a client interrupted")),
    _act("exit.part_opened", _("Part of an export opened")),
    _act("exit.proposed", _("Exit of a client proposed")),
    _act("exit.return_declined", _("Client declined the return of its data")),
    _act("exit.returned", _("Client confirmed the return of its data")),
    _act("exit.systems_answered", _("Every system has answered the exit of a client")),
    _act("hold.lift_declined", _("Lifting of a legal hold declined")),
    _act("hold.lift_requested", _("Lifting of a legal hold requested")),
    _act("hold.lifted", _("Hold lifted"), _event(*_HOLD)),
    _act("hold.placed", _("Hold placed"), _event(*_HOLD)),
    _act("hold.reviewed", _("Hold reviewed")),
    _act("incident.closed", _("Incident closed"), _event(*_INCIDENT)),
    _act("incident.opened", _("Incident opened"), _event(*_INCIDENT)),
    _act("incident.overdue", _("Incident overdue"), _event(*_INCIDENT)),
    _act("incident.widened", _("Incident extended"), _event(*_INCIDENT)),
    _act("inventory.answered", _("Inventory answered by a system")),
    _act("inventory.decided", _("Difference in an inventory decided")),
    _act("inventory.ordered", _("Inventories ordered of systems")),
    _act("objection.lifted", _("Objection lifted"), _event("id", "purpose")),
    _act("objection.opened", _("Objection opened"), _event("id", "purpose")),
    _act("objection.overruling_proposed", _("Overruling of an objection proposed")),
    _act("objection.overruling_settled", _("Overruling of an objection approved or declined")),
    _act("restriction.lift_announced", _("Person informed that a restriction will be lifted")),
    _act("restriction.lifted", _("Restriction lifted"), _event("id", "purpose")),
    _act("restriction.opened", _("Processing restricted"), _event("id", "purpose")),
    _act("rights_request.acknowledged", _("Rights request acknowledged"), _event(*_RIGHTS)),
    _act("rights_request.answered", _("Rights request answered"), _event(*_RIGHTS)),
    _act("rights_request.assigned", _("Rights request assigned to a colleague")),
    _act("rights_request.authority_case_ended", _("Case of a supervisory authority ended")),
    _act("rights_request.authority_case_opened", _("Case of a supervisory authority recorded")),
    _act("rights_request.called_back", _("Person of a rights request called back")),
    _act("rights_request.closed", _("Rights request closed"), _event("rights_request", *_CASE)),
    _act("rights_request.continued", _("Rights request took over a duplicate")),
    _act("rights_request.copy_built", _("Copy of the data built"), _event(*_RIGHTS)),
    _act("rights_request.copy_ended", _("Copy of the data deleted")),
    _act("rights_request.copy_failed", _("Copy of the data could not be built")),
    _act("rights_request.copy_fetched", _("Copy of the data fetched by the person")),
    _act("rights_request.copy_handed_over", _("Copy of the data handed over by staff")),
    _act("rights_request.copy_requested", _("Copy of the data to be built")),
    _act("rights_request.corrected", _("Corrections of a rights request made"), _event(*_RIGHTS)),
    _act("rights_request.correction_added", _("Correction added to a rights request")),
    _act("rights_request.correction_refused", _("Correction of a rights request refused")),
    _act("rights_request.decided", _("Part of a rights request decided"), _event(*_RIGHTS)),
    _act("rights_request.delivered", _("Answer or notice about a rights request reached the person")),
    _act("rights_request.escalated", _("Rights request escalated to PakTaleem"), _event(*_RIGHTS)),
    _act("rights_request.extended", _("Rights request extended"), _event(*_RIGHTS)),
    _act("rights_request.forgotten", _("Text of a rights request deleted")),
    _act("rights_request.handed_over", _("Rights request handed over to a client")),
    _act("rights_request.identity_verified", _("Identity for a rights request verified"), _event(*_RIGHTS)),
    _act("rights_request.limited", _("Restriction or objection of a rights request recorded"), _event(*_RIGHTS)),
    _act("rights_request.informed", _("Other contacts informed of a rights request")),
    _act("rights_request.letter_sent", _("Letter about a rights request sent")),
    _act("rights_request.linked", _("Rights request linked as a duplicate"), _event(*_RIGHTS)),
    _act("rights_request.matched", _("Rights request assigned to a person")),
    _act("rights_request.note_added", _("Note added to a rights request")),
    _act("rights_request.message_received", _("Message about a rights request received")),
    _act("rights_request.notice_needed", _("Rights request needs a reasoned notice")),
    _act("rights_request.ordered", _("Orders for a rights request created"), _event("rights_request", *_CASE)),
    _act("rights_request.orders_answered", _("Orders for a rights request answered"), _event("rights_request", *_CASE)),
    _act("rights_request.overdue", _("Rights request overdue"), _event(*_RIGHTS)),
    _act("rights_request.paused", _("Rights request paused"), _event(*_RIGHTS)),
    _act("rights_request.read", _("Rights request read")),
    _act("rights_request.received", _("Rights request received"), _event("rights_request", *_CASE)),
    _act("rights_request.recipient_informed", _("Recipient informed of a correction, restriction or erasure")),
    _act("rights_request.recipients_listed", _RECIPIENTS),
    _act("rights_request.reminded", _("Reminder of a rights request")),
    _act("rights_request.resumed", _("Rights request resumed"), _event(*_RIGHTS)),
    _act("rights_request.rights_added", _("Question or concern turned into a right"), _event(*_RIGHTS)),
    _act("rights_request.routed", _("Part of a rights request passed to its controller")),
    _act("rights_request.task_added", _("Task about a rights request added")),
    _act("rights_request.task_done", _("Task about a rights request done")),
    _act("rights_request.undelivered", _("Answer or notice about a rights request could not be delivered")),
    _act("rights_request.withdrawn", _("Rights request withdrawn by the person"), _event(*_RIGHTS)),
)


_CONSENT = ("event", "purpose", "expires_at")
_NOTICE = ("notice", "number", "material")
_APPROVED = ("id", "recipient", "objection_until")
_GUARDIAN = ("guardianship", "guardian")
_CHECK = ("check", *_GUARDIAN, "method", "state")
_INVITATION = ("invitation", "guardian", "state", "channel", "problem")
_ORDER = ("order", "kind", "system")
_GUARDIAN_CHANGE = ("change", "guardianship", "state")
_AUTHORISATION = ("authorisation", "guardian", "shares", "expires_at")
_BY_SCHOOL = ("school_authorisation", "contract")
_DENIED = ("disclosure", "recipient", "purpose", "decision")


def _invitation(state: str) -> SentEvent:
    return _event(*_INVITATION, sent_as=f"guardian.invitation_{state}")


_OTHERS = (
    _act("access_review.confirmed", _("Access of staff confirmed")),
    _act("access_review.locked", _("Review of access closed: unconfirmed memberships locked")),
    _act("access_review.opened", _("Review of access opened")),
    _act("agreement.document_added", _("Document of an agreement added")),
    _act("agreement.document_opened", _("Document of an agreement opened")),
    _act("agreement.signature_given", _("Agreement signed by one side")),
    _act("agreement.signed", _("Agreement signed by both sides")),
    _act("agreement.signing_declined", _("Signing of an agreement declined")),
    _act("answer.confirmed", _("Answer on paper confirmed")),
    _act("answer.dismissed", _("Answer on paper dismissed")),
    _act("answer.entered", _("Answers on paper entered")),
    _act("api_key.issued", _("API key issued")),
    _act("api_key.narrowed", _("Scopes taken from an API key")),
    _act("api_key.revoked", _("API key revoked")),
    _act("api_key.rotated", _("API key replaced")),
    _act("backup.drill_failed", _("Drill of a restore failed")),
    _act("backup.drill_passed", _("Drill of a restore passed")),
    _act("backup.made", _("Verified backup made")),
    _act("balancing.signed", _("Balancing test signed")),
    _act("business_transfer.requested", _("Business transfer requested")),
    _act("business_transfer.settled", _("Business transfer approved or declined")),
    _act("client.change_settled", _("Change of a client approved or rejected")),
    _act("client.change_waiting", _("Change of a client awaits approval by a second person")),
    _act("client.changed", _("Client changed")),
    _act("client.decision_allowed", _("First decision of a client's set-up allowed")),
    _act("client.mechanism_declared", _("Client declared its age check and guardian consent methods")),
    _act("client.registered", _("Client registered")),
    _act("consent.deferred", _("Consent deferred"), _event(*_CONSENT)),
    _act("consent.evidence_added", _("Evidence added to a consent")),
    _act("consent.evidence_exported", _("Evidence of consents exported")),
    _act("consent.expired", _("Consent expired"), _event(*_CONSENT)),
    _act("consent.given", _("Consent given"), _event(*_CONSENT)),
    _act("consent.invalidated", _("Consent invalidated"), _event(*_CONSENT)),
    _act("consent.outdated", _("Consent outdated")),
    _act("consent.refused", _("Consent refused"), _event(*_CONSENT)),
    _act("consent.requested", _("Consent requested"), _event(*_CONSENT)),
    _act("consent.revoked", _("Consent revoked"), _event(*_CONSENT)),
    _act("consent.unknown", _("Consent unknown")),
    _act("consent.withdrawn", _("Consent withdrawn"), _event(*_CONSENT)),
    _act("cookie.banner_published", _("Texts of the cookie banner published")),
    _act("digest.sent", _("Weekly digest sent")),
    _act("disclosure.denied", _("Disclosure reported although the decision denies it"), _event(*_DENIED)),
    _act("disclosure.reported", _("Disclosure reported")),
    _act("duty.attested", _("Duty of a client attested")),
    _act("duty.reminded", _("Client reminded of its duties")),
    _act("form.made", _("Consent form made")),
    _act("form.printed", _("Consent form printed")),
    _act("guardian.answered_elsewhere", _("Guardian answered through another channel"), _invitation("answered")),
    _act("guardian.asked_to_confirm", _("Guardian asked to confirm a second time")),
    _act("guardian.change_settled", _("Change of a guardian approved or rejected"), _event(*_GUARDIAN_CHANGE)),
    _act(
        "guardian.change_waiting",
        _("Change of a guardian awaits approval by a second person"),
        _event(*_GUARDIAN_CHANGE),
    ),
    _act("guardian.changed", _("Guardian's authority changed"), _event(*_GUARDIAN)),
    _act("guardian.check_requested", _("Provider's check of a guardian requested")),
    _act("guardian.check_settled", _("Provider's check of a guardian completed"), _event(*_CHECK)),
    _act("guardian.check_shown", _("Web address of a guardian's check viewed")),
    _act("guardian.check_started", _("Provider's check of a guardian started"), _event(*_CHECK)),
    _act("guardian.claim_ended", _("Guardian no longer listed by the school"), _event("guardian")),
    _act("guardian.claimed", _("Guardian listed in a roster"), _event("guardian")),
    _act("guardian.confirmed", _("Guardian confirmed a second time")),
    _act("guardian.conflict_closed", _("Guardians' disagreement resolved"), _event("case", "purpose", "outcome")),
    _act("guardian.conflict_opened", _("Guardians disagree"), _event("case", "purpose", "outcome")),
    _act("guardian.contact_forgotten", _("Guardian's contact details deleted")),
    _act("guardian.data_kept", _("Guardian allowed the data to be kept"), _event("guardian")),
    _act("guardian.ended", _("Guardian ended"), _event(*_GUARDIAN)),
    _act("guardian.given", _("Guardian authorised the service"), _event(*_AUTHORISATION)),
    _act("guardian.invitation_answered", _("Guardian answered the invitation"), _event(*_INVITATION)),
    _act("guardian.invitation_expired", _("Invitation of a guardian expired"), _event(*_INVITATION)),
    _act("guardian.invited", _("Guardian invited"), _event(*_INVITATION)),
    _act("guardian.named", _("Guardian registered"), _event(*_GUARDIAN)),
    _act("guardian.not_invited", _("Guardian could not be invited"), _invitation("refused")),
    _act("guardian.not_reached", _("Message to a guardian not delivered"), _invitation("failed")),
    _act("guardian.reached", _("Message to a guardian delivered"), _invitation("delivered")),
    _act("guardian.refused", _("Guardian refused the service"), _event(*_AUTHORISATION)),
    _act("guardian.reminded", _("Guardian reminded"), _invitation("reminded")),
    _act("guardian.said_yes", _("Guardian agreed; confirmation pending"), _invitation("waits")),
    _act("guardian.school_authorisation_ended", _("Authorisation by the school ended"), _event(*_BY_SCHOOL)),
    _act("guardian.school_authorised", _("School authorised the service"), _event(*_BY_SCHOOL)),
    _act("guardian.verification_false", _("Verification of a guardian revoked as false"), _event(*_GUARDIAN, "method")),
    _act("guardian.verified", _("Guardian verified"), _event(*_GUARDIAN, "method", "strength", "expires_at")),
    _act("guardian.viewed", _("Guardian opened the page"), _invitation("viewed")),
    _act("guardian.withdrawn", _("Guardian withdrew the authorisation"), _event(*_AUTHORISATION)),
    _act("guardian.written_to", _("Message to a guardian sent"), _invitation("sent")),
    _act("key_epoch.added", _("Wrapping key added")),
    _act("key_epoch.destroyed", _("Wrapping key destroyed")),
    _act("key_epoch.emptied", _("Wrapping key no longer in use")),
    _act("legal_disclosure.made", _("Data disclosed to an authority")),
    _act("legal_disclosure.requested", _("Disclosure to an authority requested")),
    _act("legal_disclosure.settled", _("Disclosure to an authority approved or declined")),
    _act("letter.failed", _("Message not delivered")),
    _act("letter.requeued", _("Message queued again")),
    _act("letter.sent", _("Message sent")),
    _act("link.reviewed", _("Linked service reviewed")),
    _act("list.exported", _("List exported")),
    _act("membership.changed", _("Membership changed")),
    _act("membership.ended", _("Membership ended")),
    _act("membership.restored", _("Locked membership restored")),
    _act("membership.suspended", _("Membership locked after a review of access")),
    _act("message.file_taken", _("File of a message downloaded")),
    _act("message.read", _("Message read")),
    _act("message.received", _("Message received")),
    _act("message.settled", _("Message settled")),
    _act("notice.acknowledged", _("Client acknowledged a notice")),
    _act("notice.announced", _("Notice announced"), _event(*_NOTICE, "effective_at", is_shared=True)),
    _act("notice.answered", _("Objection to a notice answered")),
    _act("notice.dispatched", _("Notice sent to a client"), _event(*_NOTICE, "takes_effect_at")),
    _act("notice.objected", _("Client objected to a notice")),
    _act("notice.published", _("Notice published"), _event(*_NOTICE, "effective_at", is_shared=True)),
    _act("notice.took_effect", _("Notice took effect"), _event(*_NOTICE, "took_effect_at")),
    _act("notice.withdrawn", _("Client withdrew its objection to a notice")),
    _act("order.accepted", _("Order accepted by its system"), _event(*_ORDER)),
    _act("order.confirmed", _("Order completed"), _event(*_ORDER)),
    _act("order.copies_purged", _("Data given for an order deleted")),
    _act("order.created", _("Order created"), _event(*_ORDER)),
    _act("order.disputed", _("Answer to an order contradicts what was reported")),
    _act("order.failed", _("Order failed"), _event(*_ORDER)),
    _act("order.not_applicable", _("Order no longer applies"), _event(*_ORDER)),
    _act("order.not_found", _("System does not know the person"), _event(*_ORDER)),
    _act("order.part_added", _("File added to an order")),
    _act("order.recalled", _("Order recalled by a hold"), _event(*_ORDER)),
    _act("order.requeued", _("Order queued again")),
    _act("order.sent", _("Order sent to its system")),
    _act("order.set_created", _("Orders for many people created"), _event("set", "kind", "count")),
    _act("order.waived", _("Order waived"), _event(*_ORDER)),
    _act("order.waiver_proposed", _("Waiver of an order proposed")),
    _act("page_code.accepted", _("One-time code accepted")),
    _act("page_link.issued", _("Access link issued")),
    _act("page_link.opened", _("Access link opened")),
    _act("people.searched", _("People searched")),
    _act("period.change_requested", _("Another period of the portal’s own data requested")),
    _act("period.change_settled", _("Another period of the portal’s own data approved or declined")),
    _act("policy.acknowledged", _("Policy acknowledged")),
    _act("purpose.widened", _("Purpose widened"), _event("purpose", "kind", "added", is_shared=True)),
    _act(
        "readmission.approved",
        _("Readmission approved"),
        _event(sent_as="subject.readmitted", label=_("Person may be registered again")),
    ),
    _act("readmission.requested", _("Readmission requested")),
    _act(
        "register.added",
        _("Register entry added"),
        _of_recipient("added", _("Recipient added"), "id", row=""),
        _of_recipient("approved", _("Recipient approved"), *_APPROVED, row="approval"),
    ),
    _act(
        "register.changed",
        _("Register entry changed"),
        _of_recipient("changed", _("Recipient changed"), "id", row=""),
        _of_recipient("approval_changed", _("Approval of a recipient changed"), *_APPROVED, row="approval"),
    ),
    _act("roster.checked", _("Roster checked")),
    _act("roster.discarded", _("Roster discarded")),
    _act("roster.imported", _("Roster imported")),
    _act("roster.refused", _("Roster refused")),
    _act("safeguard.change_settled", _("Change to a safeguard approved or rejected")),
    _act("safeguard.change_waiting", _("Change to a safeguard awaits approval by a second person")),
    _act("regulator_pack.built", _("Pack for a regulator gathered")),
    _act("regulator_pack.failed", _("Pack for a regulator could not be gathered")),
    _act("regulator_pack.requested", _("Pack for a regulator requested")),
    _act("regulator_pack.taken", _("Pack for a regulator downloaded")),
    _act("sample.drawn", _("Sample drawn for an audit")),
    _act("sandbox.clock_moved", _("Clock of a sandbox moved ahead")),
    _act("sandbox.started_over", _("Sandbox reset")),
    _act("schools.recorded", _("Schools, classes or enrolments recorded")),
    _act("security_assessment.recorded", _("Security assessment recorded")),
    _act("security_assessment.report_opened", _("Report of a security assessment opened")),
    _act("sign_in.ended", _("Session ended")),
    _act("sign_in.locked_out", _("Sign-in locked after too many attempts")),
    _act("sign_in.succeeded", _("Signed in")),
    _act("single_sign_on.ended", _("Single sign-on ended")),
    _act("single_sign_on.linked", _("School account linked to a member of staff")),
    _act("single_sign_on.passwords_allowed", _("Passwords let in again beside single sign-on")),
    _act("single_sign_on.proposed", _("Single sign-on proposed")),
    _act("single_sign_on.required", _("Single sign-on required")),
    _act("single_sign_on.settled", _("Single sign-on approved or declined")),
    _act("single_sign_on.unlinked", _("School account unlinked from a member of staff")),
    _act("staff.break_glass_used", _("Break-glass act of the host")),
    _act("staff.change_settled", _("Change of staff approved or declined")),
    _act("staff.change_waiting", _("Change of staff awaits approval by a second officer")),
    _act("subject.account_closed", _("Account of a person closed")),
    _act("subject.active", _("Person was active")),
    _act("subject.age_change_settled", _("Change of an age approved or rejected")),
    _act("subject.age_change_waiting", _("Change of an age awaits approval by a second person")),
    _act(
        "subject.age_notice",
        _("Advance notice of reaching the age of consent"),
        _event("notice", sent_as="subject.comes_of_age"),
    ),
    _act("subject.changed", _("Person changed")),
    _act("subject.corrected", _("Field of a person corrected by staff or on request")),
    _act("subject.erased", _("Person erased"), _event("erasure")),
    _act("subject.erasure_started", _("Erasure of a person confirmed"), _event("erasure")),
    _act("subject.key_replaced", _("Key of a person replaced")),
    _act("subject.merge_settled", _("Link of records of one person confirmed or declined")),
    _act("subject.merge_undone", _("Records are no longer linked as one person"), _event("merge", "main", "other")),
    _act("subject.merge_waiting", _("Link of records of one person awaits a second person")),
    _act("subject.merged", _("Records linked as one person"), _event("merge", "main", "other")),
    _act("subject.moved", _("Pupil moved to other classes")),
    _act("subject.quarantined", _("Data quarantined"), _event("cause")),
    _act("subject.recipient_informed", _("Recipient informed about a person")),
    _act("subject.recipients_listed", _("Recipients to be informed about a person listed")),
    _act("subject.registered", _("Person registered")),
    _act("subject.released", _("Data released from quarantine"), _event("cause")),
    _act("system.changed", _("System changed")),
    _act("system.end_declined", _("End of a system declined")),
    _act("system.end_proposed", _("End of a system proposed")),
    _act("system.ended", _("System ended")),
    _act("system.key_ended", _("Key of a system withdrawn")),
    _act("system.key_let_in", _("Key allowed for a system")),
    _act("system.registered", _("System registered")),
    _act("user.changed", _("Account changed")),
    _act("user.code_used", _("Recovery code used")),
    _act("user.codes_renewed", _("Recovery codes renewed")),
    _act("user.email_changed", _("Email address of an account changed")),
    _act("user.enabled", _("Account re-enabled")),
    _act("user.invited", _("Account created and invited")),
    _act("user.key_added", _("Security key added")),
    _act("user.key_removed", _("Security key removed")),
    _act("user.link_sent_again", _("Link to set a password sent again")),
    _act("user.password_changed", _("Password changed")),
    _act("user.password_link_sent", _("Password link sent by officers")),
    _act("user.password_reset", _("Password reset by email link")),
    _act("user.second_factor_reset", _("Second factor reset")),
    _act("user.totp_added", _("Authenticator app added")),
    _act("user.totp_removed", _("Authenticator app removed")),
    _act("webhook.added", _("Webhook added")),
    _act("webhook.changed", _("Webhook changed")),
    _act("webhook.disabled", _("Webhook disabled")),
    _act("webhook.enabled", _("Webhook enabled")),
    _act("webhook.removed", _("Webhook removed")),
    _act("webhook.replayed", _("Webhook messages sent again")),
    _act("webhook.secret_rotated", _("Secret of a webhook replaced")),
    _act("year_end.done", _("School year ended")),
)

ACTS = tuple(sorted((*_OTHERS, *_OF_RIGHTS)))
"""Every kind of ledger entry, by kind."""

ACT_NAMES = {act.kind: act.name for act in ACTS}
