"""Django app of rights requests."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

PEOPLE = "paktaleem.directory.people.extension_points"
SYSTEMS = "paktaleem.directory.data_systems.extension_points"

_STATE = "rights_request kind state due_at expected_by"
_CASE = "rights_request kind due_at outcome"


class RequestsConfig(PortalAppConfig):
    name = "rights.requests"
    verbose_name = "rights requests"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.clock.REQUEST_TEXTS"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".models.REQUEST_KEYS"),
        (f"{PEOPLE}.before_erasure", ".services.clock.destroy_texts_of_person"),
        ("paktaleem.directory.mail.services.letter_outcomes", ".services.closing.record_letter_outcome"),
        (f"{SYSTEMS}.order_answered", ".services.closing.record_orders_answered"),
        (f"{PEOPLE}.erasure_holds", ".services.steps.find_copies_to_give"),
    )
    facts = "refusal_code: ground of the refusal"
    ledger = (
        entry("rights_request.acknowledged rights_request.answered rights_request.extended", sends=_STATE),
        entry("rights_request.assigned", "Rights request assigned to a colleague"),
        entry("rights_request.authority_case_ended", "Case of a supervisory authority ended"),
        entry("rights_request.authority_case_opened", "Case of a supervisory authority recorded"),
        entry("rights_request.called_back", "Person of a rights request called back"),
        entry("rights_request.closed rights_request.received", sends=_CASE),
        entry("rights_request.continued", "Rights request took over a duplicate"),
        entry("rights_request.copy_built", "Copy of the data built", _STATE),
        entry("rights_request.copy_ended", "Copy of the data deleted"),
        entry("rights_request.copy_failed", "Copy of the data could not be built"),
        entry("rights_request.copy_fetched", "Copy of the data fetched by the person"),
        entry("rights_request.copy_handed_over", "Copy of the data handed over by staff"),
        entry("rights_request.copy_requested", "Copy of the data to be built"),
        entry("rights_request.corrected", "Corrections of a rights request made", _STATE),
        entry("rights_request.correction_added", "Correction added to a rights request"),
        entry("rights_request.correction_refused", "Correction of a rights request refused"),
        entry("rights_request.decided", "Part of a rights request decided", _STATE),
        entry("rights_request.disagreement_stated", "Statement of disagreement recorded", _STATE),
        entry("rights_request.disagreement_withdrawn", "Statement of disagreement taken back", _STATE),
        entry("rights_request.delivered", "Answer or notice about a rights request reached the person"),
        entry("rights_request.escalated", "Rights request escalated to PakTaleem", _STATE),
        entry("rights_request.forgotten", "Text of a rights request deleted"),
        entry("rights_request.handed_over", "Rights request handed over to a client"),
        entry("rights_request.identity_verified", "Identity for a rights request verified", _STATE),
        entry("rights_request.informed", "Other contacts informed of a rights request"),
        entry("rights_request.letter_sent", "Letter about a rights request sent"),
        entry("rights_request.limited", "Restriction or objection of a rights request recorded", _STATE),
        entry("rights_request.linked", "Rights request linked as a duplicate", _STATE),
        entry("rights_request.matched", "Rights request assigned to a person"),
        entry("rights_request.message_received", "Message about a rights request received"),
        entry("rights_request.note_added", "Note added to a rights request"),
        entry("rights_request.notice_needed", "Rights request needs a reasoned notice"),
        entry("rights_request.ordered", "Orders for a rights request created", _CASE),
        entry("rights_request.orders_answered", "Orders for a rights request answered", _CASE),
        entry("rights_request.overdue rights_request.paused rights_request.resumed", sends=_STATE),
        entry("rights_request.read"),
        entry("rights_request.recipient_informed", "Recipient informed of a correction, restriction or erasure"),
        entry(
            "rights_request.recipients_listed",
            "Recipients to be informed of a correction, restriction or erasure listed",
        ),
        entry("rights_request.reminded", "Reminder of a rights request"),
        entry("rights_request.rights_added", "Question or concern turned into a right", _STATE),
        entry("rights_request.routed", "Part of a rights request passed to its controller"),
        entry("rights_request.task_added", "Task about a rights request added"),
        entry("rights_request.task_done", "Task about a rights request done"),
        entry("rights_request.undelivered", "Answer or notice about a rights request could not be delivered"),
        entry("rights_request.withdrawn", "Rights request withdrawn by the person", _STATE),
    )
