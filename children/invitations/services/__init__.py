"""Services that invite guardians, follow up on invitations, record answers, and delete unanswered contacts."""

from children.invitations.services.answering import (
    NotAskedAgain,
    NotTheirs,
    Outcome,
    Saying,
    answer_sharing,
    confirm_yes,
    note_arrival,
    say_no,
    say_yes,
    take_back,
)
from children.invitations.services.following import clients_to_follow, follow_invitations
from children.invitations.services.forgetting import clients_with_old_contacts, forget_old_contacts
from children.invitations.services.inviting import (
    ASK_MANY,
    AlreadyDecided,
    ContactRefused,
    NoGuardian,
    NotAChild,
    TooManyInvitations,
    invite_guardian,
    invite_guardians_of,
    register_and_invite,
)

__all__ = [
    "ASK_MANY",
    "AlreadyDecided",
    "ContactRefused",
    "NoGuardian",
    "NotAChild",
    "NotAskedAgain",
    "NotTheirs",
    "Outcome",
    "Saying",
    "TooManyInvitations",
    "answer_sharing",
    "clients_to_follow",
    "clients_with_old_contacts",
    "confirm_yes",
    "follow_invitations",
    "forget_old_contacts",
    "invite_guardian",
    "invite_guardians_of",
    "note_arrival",
    "register_and_invite",
    "say_no",
    "say_yes",
    "take_back",
]
