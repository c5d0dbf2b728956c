"""How often one guardian's contact is asked and written to: counted by a keyed hash, whatever the request comes to."""

from datetime import timedelta

from paktaleem.directory.access_links.limits import Limit, take_slots
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject

__all__ = ["may_be_asked", "may_be_written_to"]

_ASKING = (Limit("guardian-asked/address", 10, timedelta(hours=1)),)
"""Requests to ask the guardian behind one contact: enough for many siblings, not for pressure."""
_WRITING = (Limit("guardian-letter/address", 3, timedelta(days=1)),)
"""Letters that really leave to one contact, reminders too."""


def may_be_asked(guardian: Subject, channel: Channel | str) -> bool:
    """Count one request to ask by this contact; say whether there was room for it."""
    return take_slots(_ASKING, address=_key(guardian, channel), ip="")


def may_be_written_to(guardian: Subject, channel: Channel | str) -> bool:
    """Count one letter to this contact; say whether there was room for it."""
    return take_slots(_WRITING, address=_key(guardian, channel), ip="")


def _key(guardian: Subject, channel: Channel | str) -> str:
    index = guardian.email_index if channel == Channel.MAIL else guardian.phone_index
    return f"{guardian.client_id}/{bytes(index or b'').hex()}"
