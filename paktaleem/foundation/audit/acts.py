"""The catalogue of acts: each kind of ledger entry, its name, and the webhook events that are sent for it. Pure.

A kind is a stable code for machines. An event repeats ids and codes of the entry's facts, never a name, an address or a
text, because receivers may log payloads. From this table follow the names in the ledger and on webhook pages, the
events that can be subscribed to, the database's list of them (``webhooks_events``), and the table in
``docs/lms-developer.md``. The suite fails if a recorded act is missing (``tests/project/test_words_of_acts.py``).
"""

from typing import NamedTuple

from paktaleem.foundation.marking import mark as _

__all__ = ["ACTS", "ACT_NAMES", "Act", "SentEvent"]


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


def _sent(*facts: str, sent_as: str = "", label: str = "", row: str = "", is_shared: bool = False) -> SentEvent:
    return SentEvent(facts, sent_as, label, row, is_shared)


_CONSENT = ("event", "purpose", "expires_at")
_NOTICE = ("notice", "number", "material")
_RECIPIENT, _APPROVAL = "consent.recipient", "consent.recipientapproval"
_APPROVED = ("id", "recipient", "objection_until")
_GUARDIAN = ("guardianship", "guardian")
_CHECK = ("check", *_GUARDIAN, "method", "state")
_INVITATION = ("invitation", "guardian", "state", "channel", "problem")
_CASE = ("kind", "due_at", "outcome")
_RIGHTS = ("rights_request", "kind", "state", "due_at", "expected_by")
_HOLD = ("hold", "kind", "category", "review_on")
_INCIDENT = ("incident", "cause", "due_at")
_ORDER = ("order", "kind", "system")
_BREACH = ("breach", "incident", "known_at", "due_at", "categories", "outcome")

ACTS = (
    _act("activity.reported", _("Activity reported")),
    _act("answer.confirmed", _("Answer on paper confirmed")),
    _act("answer.contradictory", _("Answers on paper contradict each other")),
    _act("answer.dismissed", _("Answer on paper dismissed")),
    _act("answer.expired", _("Answer on paper expired")),
    _act("answer.guardian", _("Answer on paper needs a guardian")),
    _act("answer.matched", _("Answer on paper matched")),
    _act("answer.outdated", _("Answer on paper was outdated")),
    _act("answer.unmatched", _("Answer on paper matched no person")),
    _act("answers.expired", _("Rows of an answer sheet expired")),
    _act("answers.uploaded", _("Answer sheet uploaded")),
    _act("api_key.issued", _("API key issued")),
    _act("api_key.revoked", _("API key revoked")),
    _act("api_key.rotated", _("API key replaced")),
    _act("balancing.signed", _("Balancing test signed")),
    _act("breach.assessed", _("Risk of a breach assessed"), _sent(*_BREACH)),
    _act("breach.closed", _("Breach closed"), _sent(*_BREACH)),
    _act("breach.closing_declined", _("Closing of a breach declined")),
    _act("breach.closing_requested", _("Closing of a breach requested")),
    _act("breach.measures_recorded", _("Measures after a breach recorded")),
    _act("breach.recorded", _("Breach of personal data recorded"), _sent(*_BREACH)),
    _act("breach.reminded", _("Staff reminded of the deadline of a breach")),
    _act("breach.reported", _("Client, authority or people informed of a breach"), _sent(*_BREACH, "audience")),
    _act("client.change_settled", _("Change of a client approved or rejected")),
    _act("client.change_waiting", _("Change of a client awaits approval by a second person")),
    _act("client.changed", _("Client changed")),
    _act("client.mechanism_declared", _("Client declared its age check and guardian consent methods")),
    _act("client.registered", _("Client registered")),
    _act("collection.decided", _("Flagged collection decided"), _sent("collection", "category", "outcome")),
    _act("collection.reported", _("Collection reported")),
    _act("consent.deferred", _("Consent deferred"), _sent(*_CONSENT)),
    _act("consent.evidence_added", _("Evidence added to a consent")),
    _act("consent.evidence_exported", _("Evidence of consents exported")),
    _act("consent.expired", _("Consent expired")),
    _act("consent.given", _("Consent given"), _sent(*_CONSENT)),
    _act("consent.invalidated", _("Consent invalidated"), _sent(*_CONSENT)),
    _act("consent.outdated", _("Consent outdated")),
    _act("consent.refused", _("Consent refused"), _sent(*_CONSENT)),
    _act("consent.requested", _("Consent requested"), _sent(*_CONSENT)),
    _act("consent.revoked", _("Consent revoked"), _sent(*_CONSENT)),
    _act("consent.unknown", _("Consent unknown")),
    _act("consent.withdrawn", _("Consent withdrawn"), _sent(*_CONSENT)),
    _act("erasure.announced", _("Person informed of an erasure")),
    _act("erasure.approved", _("Erasure approved by a second person")),
    _act("erasure.cancelled", _("Erasure cancelled")),
    _act("erasure.certified", _("Erasure certified")),
    _act("erasure.declined", _("Erasure declined")),
    _act("erasure.ordered", _("Erasure started after its cooling-off")),
    _act("erasure.proposed", _("Erasure proposed")),
    _act("erasure.sent_back", _("Erasure sent back: something changed")),
    _act("erasure.verification_failed", _("Verification of an erasure failed")),
    _act("form.made", _("Consent form made")),
    _act("form.printed", _("Consent form printed")),
    _act(
        "guardian.answered_elsewhere",
        _("Guardian answered through another channel"),
        _sent(*_INVITATION, sent_as="guardian.invitation_answered"),
    ),
    _act("guardian.asked_to_confirm", _("Guardian asked to confirm a second time")),
    _act(
        "guardian.change_settled",
        _("Change of a guardian approved or rejected"),
        _sent("change", "guardianship", "state"),
    ),
    _act(
        "guardian.change_waiting",
        _("Change of a guardian awaits approval by a second person"),
        _sent("change", "guardianship", "state"),
    ),
    _act("guardian.changed", _("Guardian's authority changed"), _sent(*_GUARDIAN)),
    _act("guardian.check_requested", _("Provider's check of a guardian requested")),
    _act("guardian.check_settled", _("Provider's check of a guardian completed"), _sent(*_CHECK)),
    _act("guardian.check_shown", _("Web address of a guardian's check viewed")),
    _act("guardian.check_started", _("Provider's check of a guardian started"), _sent(*_CHECK)),
    _act("guardian.claim_ended", _("Guardian no longer listed by the school"), _sent("guardian")),
    _act("guardian.claimed", _("Guardian listed in a roster"), _sent("guardian")),
    _act("guardian.confirmed", _("Guardian confirmed a second time")),
    _act("guardian.conflict_closed", _("Guardians' disagreement resolved"), _sent("case", "purpose", "outcome")),
    _act("guardian.conflict_opened", _("Guardians disagree"), _sent("case", "purpose", "outcome")),
    _act("guardian.contact_forgotten", _("Guardian's contact details deleted")),
    _act("guardian.data_kept", _("Guardian allowed the data to be kept"), _sent("guardian")),
    _act("guardian.ended", _("Guardian ended"), _sent(*_GUARDIAN)),
    _act(
        "guardian.given",
        _("Guardian authorised the service"),
        _sent("authorisation", "guardian", "shares", "expires_at"),
    ),
    _act("guardian.invitation_answered", _("Guardian answered the invitation"), _sent(*_INVITATION)),
    _act("guardian.invitation_expired", _("Invitation of a guardian expired"), _sent(*_INVITATION)),
    _act("guardian.invited", _("Guardian invited"), _sent(*_INVITATION)),
    _act("guardian.named", _("Guardian registered"), _sent(*_GUARDIAN)),
    _act(
        "guardian.not_invited",
        _("Guardian could not be invited"),
        _sent(*_INVITATION, sent_as="guardian.invitation_refused"),
    ),
    _act(
        "guardian.not_reached",
        _("Message to a guardian not delivered"),
        _sent(*_INVITATION, sent_as="guardian.invitation_failed"),
    ),
    _act(
        "guardian.reached",
        _("Message to a guardian delivered"),
        _sent(*_INVITATION, sent_as="guardian.invitation_delivered"),
    ),
    _act(
        "guardian.refused",
        _("Guardian refused the service"),
        _sent("authorisation", "guardian", "shares", "expires_at"),
    ),
    _act("guardian.reminded", _("Guardian reminded"), _sent(*_INVITATION, sent_as="guardian.invitation_reminded")),
    _act(
        "guardian.said_yes",
        _("Guardian agreed; confirmation pending"),
        _sent(*_INVITATION, sent_as="guardian.invitation_waits"),
    ),
    _act(
        "guardian.school_authorisation_ended",
        _("Authorisation by the school ended"),
        _sent("school_authorisation", "contract"),
    ),
    _act("guardian.school_authorised", _("School authorised the service"), _sent("school_authorisation", "contract")),
    _act("guardian.verification_false", _("Verification of a guardian revoked as false"), _sent(*_GUARDIAN, "method")),
    _act("guardian.verified", _("Guardian verified"), _sent(*_GUARDIAN, "method", "strength", "expires_at")),
    _act("guardian.viewed", _("Guardian opened the page"), _sent(*_INVITATION, sent_as="guardian.invitation_viewed")),
    _act(
        "guardian.withdrawn",
        _("Guardian withdrew the authorisation"),
        _sent("authorisation", "guardian", "shares", "expires_at"),
    ),
    _act(
        "guardian.written_to", _("Message to a guardian sent"), _sent(*_INVITATION, sent_as="guardian.invitation_sent")
    ),
    _act("hold.lift_declined", _("Lifting of a legal hold declined")),
    _act("hold.lift_requested", _("Lifting of a legal hold requested")),
    _act("hold.lifted", _("Hold lifted"), _sent(*_HOLD)),
    _act("hold.placed", _("Hold placed"), _sent(*_HOLD)),
    _act("hold.reviewed", _("Hold reviewed")),
    _act("incident.closed", _("Incident closed"), _sent(*_INCIDENT)),
    _act("incident.opened", _("Incident opened"), _sent(*_INCIDENT)),
    _act("incident.overdue", _("Incident overdue"), _sent(*_INCIDENT)),
    _act("incident.widened", _("Incident extended"), _sent(*_INCIDENT)),
    _act("key_epoch.added", _("Wrapping key added")),
    _act("key_epoch.destroyed", _("Wrapping key destroyed")),
    _act("key_epoch.emptied", _("Wrapping key no longer in use")),
    _act("letter.failed", _("Message not delivered")),
    _act("letter.requeued", _("Message queued again")),
    _act("letter.sent", _("Message sent")),
    _act("list.exported", _("List exported")),
    _act("membership.changed", _("Membership changed")),
    _act("membership.ended", _("Membership ended")),
    _act("message.file_taken", _("File of a message downloaded")),
    _act("message.read", _("Message read")),
    _act("message.received", _("Message received")),
    _act("message.settled", _("Message settled")),
    _act("notice.acknowledged", _("Client acknowledged a notice")),
    _act("notice.announced", _("Notice announced"), _sent(*_NOTICE, "effective_at", is_shared=True)),
    _act("notice.answered", _("Objection to a notice answered")),
    _act("notice.dispatched", _("Notice sent to a client"), _sent(*_NOTICE, "takes_effect_at")),
    _act("notice.objected", _("Client objected to a notice")),
    _act("notice.published", _("Notice published"), _sent(*_NOTICE, "effective_at", is_shared=True)),
    _act("notice.took_effect", _("Notice took effect"), _sent(*_NOTICE, "took_effect_at")),
    _act("objection.lifted", _("Objection lifted"), _sent("id", "purpose")),
    _act("objection.opened", _("Objection opened"), _sent("id", "purpose")),
    _act("objection.overruling_proposed", _("Overruling of an objection proposed")),
    _act("objection.overruling_settled", _("Overruling of an objection approved or declined")),
    _act("order.accepted", _("Order accepted by its system"), _sent(*_ORDER)),
    _act("order.confirmed", _("Order completed"), _sent(*_ORDER)),
    _act("order.copies_purged", _("Data given for an order deleted")),
    _act("order.created", _("Order created"), _sent(*_ORDER)),
    _act("order.failed", _("Order failed"), _sent(*_ORDER)),
    _act("order.not_applicable", _("Order no longer applies"), _sent(*_ORDER)),
    _act("order.not_found", _("System does not know the person"), _sent(*_ORDER)),
    _act("order.part_added", _("File added to an order")),
    _act("order.requeued", _("Order queued again")),
    _act("order.sent", _("Order sent to its system")),
    _act("order.set_created", _("Orders for many people created"), _sent("set", "kind", "count")),
    _act("order.waived", _("Order waived"), _sent(*_ORDER)),
    _act("order.waiver_proposed", _("Waiver of an order proposed")),
    _act("page_code.accepted", _("One-time code accepted")),
    _act("page_link.issued", _("Access link issued")),
    _act("page_link.opened", _("Access link opened")),
    _act("people.searched", _("People searched")),
    _act("period.change_requested", _("Another period of the portal’s own data requested")),
    _act("period.change_settled", _("Another period of the portal’s own data approved or declined")),
    _act("policy.acknowledged", _("Policy acknowledged")),
    _act("purpose.widened", _("Purpose widened"), _sent("purpose", "kind", "added", is_shared=True)),
    _act(
        "readmission.approved",
        _("Readmission approved"),
        _sent(sent_as="subject.readmitted", label=_("Person may be registered again")),
    ),
    _act("readmission.requested", _("Readmission requested")),
    _act(
        "register.added",
        _("Register entry added"),
        _sent("id", sent_as="recipient.added", label=_("Recipient added"), row=_RECIPIENT, is_shared=True),
        _sent(*_APPROVED, sent_as="recipient.approved", label=_("Recipient approved"), row=_APPROVAL, is_shared=True),
    ),
    _act(
        "register.changed",
        _("Register entry changed"),
        _sent("id", sent_as="recipient.changed", label=_("Recipient changed"), row=_RECIPIENT, is_shared=True),
        _sent(
            *_APPROVED,
            sent_as="recipient.approval_changed",
            label=_("Approval of a recipient changed"),
            row=_APPROVAL,
            is_shared=True,
        ),
    ),
    _act("restriction.lift_announced", _("Person informed that a restriction will be lifted")),
    _act("restriction.lifted", _("Restriction lifted"), _sent("id", "purpose")),
    _act("restriction.opened", _("Processing restricted"), _sent("id", "purpose")),
    _act("rights_request.acknowledged", _("Rights request acknowledged"), _sent(*_RIGHTS)),
    _act("rights_request.answered", _("Rights request answered"), _sent(*_RIGHTS)),
    _act("rights_request.assigned", _("Rights request assigned to a colleague")),
    _act("rights_request.authority_case_ended", _("Case of a supervisory authority ended")),
    _act("rights_request.authority_case_opened", _("Case of a supervisory authority recorded")),
    _act("rights_request.authority_deadline_met", _("Deadline of a supervisory authority met")),
    _act("rights_request.authority_deadline_reminded", _("Reminder of a supervisory authority’s deadline")),
    _act("rights_request.authority_deadline_set", _("Deadline of a supervisory authority recorded")),
    _act("rights_request.authority_message_added", _("Message from or to a supervisory authority added")),
    _act("rights_request.called_back", _("Person of a rights request called back")),
    _act("rights_request.closed", _("Rights request closed"), _sent("rights_request", *_CASE)),
    _act("rights_request.continued", _("Rights request took over a duplicate")),
    _act("rights_request.copy_built", _("Copy of the data built")),
    _act("rights_request.copy_ended", _("Copy of the data deleted")),
    _act("rights_request.copy_failed", _("Copy of the data could not be built")),
    _act("rights_request.copy_fetched", _("Copy of the data fetched by the person")),
    _act("rights_request.copy_handed_over", _("Copy of the data handed over by staff")),
    _act("rights_request.copy_requested", _("Copy of the data to be built")),
    _act("rights_request.corrected", _("Corrections of a rights request made"), _sent(*_RIGHTS)),
    _act("rights_request.correction_added", _("Correction added to a rights request")),
    _act("rights_request.correction_refused", _("Correction of a rights request refused")),
    _act("rights_request.decided", _("Part of a rights request decided"), _sent(*_RIGHTS)),
    _act("rights_request.escalated", _("Rights request escalated to PakTaleem"), _sent(*_RIGHTS)),
    _act("rights_request.extended", _("Rights request extended"), _sent(*_RIGHTS)),
    _act("rights_request.forgotten", _("Text of a rights request deleted")),
    _act("rights_request.handed_over", _("Rights request handed over to a client")),
    _act("rights_request.identity_verified", _("Identity for a rights request verified"), _sent(*_RIGHTS)),
    _act("rights_request.limited", _("Restriction or objection of a rights request recorded"), _sent(*_RIGHTS)),
    _act("rights_request.informed", _("Other contacts informed of a rights request")),
    _act("rights_request.letter_sent", _("Letter about a rights request sent")),
    _act("rights_request.linked", _("Rights request linked as a duplicate"), _sent(*_RIGHTS)),
    _act("rights_request.matched", _("Rights request assigned to a person")),
    _act("rights_request.note_added", _("Note added to a rights request")),
    _act("rights_request.message_received", _("Message about a rights request received")),
    _act("rights_request.notice_needed", _("Rights request needs a reasoned notice")),
    _act("rights_request.ordered", _("Orders for a rights request created"), _sent("rights_request", *_CASE)),
    _act("rights_request.orders_answered", _("Orders for a rights request answered"), _sent("rights_request", *_CASE)),
    _act("rights_request.overdue", _("Rights request overdue"), _sent(*_RIGHTS)),
    _act("rights_request.paused", _("Rights request paused"), _sent(*_RIGHTS)),
    _act("rights_request.read", _("Rights request read")),
    _act("rights_request.received", _("Rights request received"), _sent("rights_request", *_CASE)),
    _act("rights_request.recipient_informed", _("Recipient informed of a correction or restriction")),
    _act("rights_request.recipients_listed", _("Recipients to be informed of a correction or restriction listed")),
    _act("rights_request.reminded", _("Reminder of a rights request")),
    _act("rights_request.resumed", _("Rights request resumed"), _sent(*_RIGHTS)),
    _act("rights_request.rights_added", _("Question or concern turned into a right"), _sent(*_RIGHTS)),
    _act("rights_request.routed", _("Part of a rights request passed to its controller")),
    _act("rights_request.task_added", _("Task about a rights request added")),
    _act("rights_request.task_done", _("Task about a rights request done")),
    _act("rights_request.withdrawn", _("Rights request withdrawn by the person"), _sent(*_RIGHTS)),
    _act("roster.checked", _("Roster checked")),
    _act("roster.discarded", _("Roster discarded")),
    _act("roster.imported", _("Roster imported")),
    _act("roster.refused", _("Roster refused")),
    _act("safeguard.change_settled", _("Change to a safeguard approved or rejected")),
    _act("safeguard.change_waiting", _("Change to a safeguard awaits approval by a second person")),
    _act("sandbox.clock_moved", _("Clock of a sandbox moved ahead")),
    _act("sandbox.started_over", _("Sandbox reset")),
    _act("sign_in.ended", _("Session ended")),
    _act("sign_in.locked_out", _("Sign-in locked after too many attempts")),
    _act("sign_in.succeeded", _("Signed in")),
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
        _sent("notice", sent_as="subject.comes_of_age"),
    ),
    _act("subject.changed", _("Person changed")),
    _act("subject.corrected", _("Field of a person corrected by staff or on request")),
    _act("subject.erased", _("Person erased"), _sent("erasure")),
    _act("subject.erasure_started", _("Erasure of a person confirmed"), _sent("erasure")),
    _act("subject.key_replaced", _("Key of a person replaced")),
    _act("subject.quarantined", _("Data quarantined"), _sent("cause")),
    _act("subject.registered", _("Person registered")),
    _act("subject.released", _("Data released from quarantine"), _sent("cause")),
    _act("system.changed", _("System changed")),
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
)
"""Every kind of ledger entry, by kind."""

ACT_NAMES = {act.kind: act.name for act in ACTS}
