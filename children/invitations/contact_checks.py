"""Checks that a guardian's contact does not reach the child, and rate limits of messages to one contact.

Contacts are decrypted only for the comparison, and counted by their keyed hash.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from children.guardians.contacts import Contact, ContactHolders, ContactRejection, why_contact_unusable
from paktaleem.directory.access_links.limits import Limit, count_attempt
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject, SubjectRole, having_any_role
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed

_INVITATION_LIMIT = Limit("guardian-asked/address", 10, timedelta(hours=1))
"""Invitations per contact: enough for many siblings, too few to press a guardian."""
_MESSAGE_LIMIT = Limit("guardian-letter/address", 3, timedelta(days=1))
"""Messages sent per contact, including reminders."""
_LEARNERS = (SubjectRole.STUDENT, SubjectRole.LEARNER)


def find_usable_channel(
    child: Subject, guardian: Subject, *, at: datetime
) -> tuple[Channel | None, ContactRejection | None]:
    """Return the channel by which a guardian can be asked about a child, email before text message.

    Without a usable channel, returns None and why the first contact on file cannot be used.
    """
    known, reasons = (_decrypt_contact(child), _decrypt_contact(guardian)), []
    for channel in (Channel.MAIL, Channel.TEXT):
        reason = _why_unusable(channel, child, guardian, known, at)
        if reason is None:
            return channel, None
        reasons.append(reason)
    return None, next((one for one in reasons if one != ContactRejection.MISSING), ContactRejection.MISSING)


def is_contact_usable(channel: Channel | str, child: Subject, guardian: Subject, *, at: datetime) -> bool:
    """Return True if the guardian's contact for ``channel`` can be used to ask about this child."""
    return (
        _why_unusable(Channel(channel), child, guardian, (_decrypt_contact(child), _decrypt_contact(guardian)), at)
        is None
    )


def _why_unusable(
    channel: Channel, child: Subject, guardian: Subject, known: tuple[Contact, Contact], at: datetime
) -> ContactRejection | None:
    held = _count_holders(channel, guardian, at)
    return why_contact_unusable(
        channel.value, child=known[0], guardian=known[1], holders=held, region=child.client.country
    )


def _decrypt_contact(person: Subject) -> Contact:
    if person.email is None and person.phone is None:
        return Contact()
    sealer = sealer_of(person)

    def text(sealed: Sealed | None, field: str) -> str | None:
        return None if sealed is None else sealer.open(sealed, column=f"people_subject.{field}")

    return Contact(email=text(person.email, "email"), phone=text(person.phone, "phone"))


def _count_holders(channel: Channel, guardian: Subject, at: datetime) -> ContactHolders:
    """Count the other people with the same contact, by its keyed hash, without decrypting anything."""
    field, index = _find_index(channel, guardian)
    if index is None:
        return ContactHolders()
    is_child = having_any_role(_LEARNERS) & (Q(of_age_at=None) | Q(of_age_at__gt=at))
    others: Any = Subject.objects.filter(client_id=guardian.client_id, erased_at=None, **{field: bytes(index)})
    found = others.exclude(pk=guardian.pk).aggregate(everybody=Count("pk"), children=Count("pk", filter=is_child))
    return ContactHolders(children=found["children"], others=found["everybody"] - found["children"])


def _find_index(channel: Channel | str, guardian: Subject) -> tuple[str, bytes | None]:
    field = "email_index" if channel == Channel.MAIL else "phone_index"
    return field, getattr(guardian, field)


def may_invite(guardian: Subject, channel: Channel | str) -> bool:
    """Count one invitation of this contact, and return True if it is within the limit of ten an hour."""
    return _count(_INVITATION_LIMIT, guardian, channel)


def may_send_message(guardian: Subject, channel: Channel | str) -> bool:
    """Count one message to this contact, and return True if it is within the limit of three a day."""
    return _count(_MESSAGE_LIMIT, guardian, channel)


def _count(limit: Limit, guardian: Subject, channel: Channel | str) -> bool:
    index = _find_index(channel, guardian)[1]
    return count_attempt((limit,), address=f"{guardian.client_id}/{bytes(index or b'').hex()}", ip="")
