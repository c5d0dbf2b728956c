"""Services that invite guardians, follow up on invitations, record answers, and delete unanswered contacts."""

from children.invitations.services.answering import (
    AnswerContext,
    NothingToConfirm,
    NotTheGuardian,
    Outcome,
    confirm_yes,
    record_guardian_sign_in,
    record_guardian_visit,
    record_service_consent,
    record_service_refusal,
    record_sharing_answer,
    withdraw_service_consent,
)
from children.invitations.services.inviting import (
    INVITE_MANY,
    AlreadyDecided,
    ContactRefused,
    NoGuardian,
    NotAChild,
    TooManyInvitations,
    invite_guardian,
    invite_guardians_of,
    register_and_invite,
)
from children.invitations.services.processing import (
    close_invitations,
    list_clients_with_open_invitations,
    process_invitations,
)
from children.invitations.services.purging import list_clients_with_old_contacts, purge_old_contacts

__all__ = [
    "INVITE_MANY",
    "AlreadyDecided",
    "AnswerContext",
    "ContactRefused",
    "NoGuardian",
    "NotAChild",
    "NotTheGuardian",
    "NothingToConfirm",
    "Outcome",
    "TooManyInvitations",
    "close_invitations",
    "confirm_yes",
    "invite_guardian",
    "invite_guardians_of",
    "list_clients_with_old_contacts",
    "list_clients_with_open_invitations",
    "process_invitations",
    "purge_old_contacts",
    "record_guardian_sign_in",
    "record_guardian_visit",
    "record_service_consent",
    "record_service_refusal",
    "record_sharing_answer",
    "register_and_invite",
    "withdraw_service_consent",
]
