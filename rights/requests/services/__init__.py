"""Services of rights requests, one for each act."""

from rights.requests.services.adding import NoQuestion, add_rights, list_addable_rights
from rights.requests.services.authority import RequestNotAllowed
from rights.requests.services.clock import (
    AlreadyAnswered,
    AlreadyExtended,
    AlreadyPaused,
    NotPaused,
    TooLate,
    extend_request,
    pause_request,
    resume_request,
)
from rights.requests.services.closing import (
    IdentityDiffers,
    NotAnswered,
    NotDecided,
    NotSamePerson,
    OrdersOpen,
    answer_request,
    close_request,
    is_mailed,
    is_of_erased_person,
    link_duplicate,
    may_answer_contact,
)
from rights.requests.services.decisions import (
    AlreadyDecided,
    AlreadyRouted,
    IdentityNotVerified,
    decide_part,
    route_part,
)
from rights.requests.services.delivery import (
    NothingToDeliver,
    find_undelivered,
    record_delivery,
    record_letter_outcome,
)
from rights.requests.services.handling import add_note, assign_request, list_assignees, read_notes
from rights.requests.services.identity import (
    ContactTooNew,
    NoNumber,
    check_number,
    confirm_own_request,
    deny_own_request,
    verify_identity,
)
from rights.requests.services.intake import (
    PersonDiffers,
    assign_person,
    continue_request,
    read_request,
    receive_request,
)
from rights.requests.services.outcomes import BasisDoesNotAllowObjection, OnlyPartlyInScope, restrict_for_request
from rights.requests.services.purging import destroy_texts_of_person, purge_old_requests
from rights.requests.services.schedule import carry_out_due_steps
from rights.requests.services.steps import PersonUnknown, RequestEnded, list_parts

__all__ = [
    "AlreadyAnswered",
    "AlreadyDecided",
    "AlreadyExtended",
    "AlreadyPaused",
    "AlreadyRouted",
    "BasisDoesNotAllowObjection",
    "ContactTooNew",
    "IdentityDiffers",
    "IdentityNotVerified",
    "NoNumber",
    "NoQuestion",
    "NotAnswered",
    "NotDecided",
    "NotPaused",
    "NotSamePerson",
    "NothingToDeliver",
    "OnlyPartlyInScope",
    "OrdersOpen",
    "PersonDiffers",
    "PersonUnknown",
    "RequestEnded",
    "RequestNotAllowed",
    "TooLate",
    "add_note",
    "add_rights",
    "answer_request",
    "assign_person",
    "assign_request",
    "carry_out_due_steps",
    "check_number",
    "close_request",
    "confirm_own_request",
    "continue_request",
    "decide_part",
    "deny_own_request",
    "destroy_texts_of_person",
    "extend_request",
    "find_undelivered",
    "is_mailed",
    "is_of_erased_person",
    "link_duplicate",
    "list_addable_rights",
    "list_assignees",
    "list_parts",
    "may_answer_contact",
    "pause_request",
    "purge_old_requests",
    "read_notes",
    "read_request",
    "receive_request",
    "record_delivery",
    "record_letter_outcome",
    "restrict_for_request",
    "resume_request",
    "route_part",
    "verify_identity",
]
