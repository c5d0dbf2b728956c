"""Rate limits of invitations and messages per contact, counted by a keyed hash of the contact."""

from datetime import timedelta

from paktaleem.directory.access_links.limits import Limit, count_attempt
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject

_INVITATION_LIMITS = (Limit("guardian-asked/address", 10, timedelta(hours=1)),)
"""Invitations per contact: enough for many siblings, too few to press a guardian."""
_MESSAGE_LIMITS = (Limit("guardian-letter/address", 3, timedelta(days=1)),)
"""Messages sent per contact, including reminders."""


def may_invite(guardian: Subject, channel: Channel | str) -> bool:
    """Count one invitation of this contact, and return True if it is within the limit of ten an hour."""
    return count_attempt(_INVITATION_LIMITS, address=_key(guardian, channel), ip="")


def may_send_message(guardian: Subject, channel: Channel | str) -> bool:
    """Count one message to this contact, and return True if it is within the limit of three a day."""
    return count_attempt(_MESSAGE_LIMITS, address=_key(guardian, channel), ip="")


def _key(guardian: Subject, channel: Channel | str) -> str:
    index = guardian.email_index if channel == Channel.MAIL else guardian.phone_index
    return f"{guardian.client_id}/{bytes(index or b'').hex()}"
