"""Checks that a guardian's contact does not reach the child; contacts are decrypted only for the comparison."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from children.guardians.contacts import Contact, ContactHolders, ContactRejection, why_contact_unusable
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import SubjectRole, having_any_role
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed

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
        return None if sealed is None else sealer.open(sealed, column=f"subjects_subject.{field}")

    return Contact(email=text(person.email, "email"), phone=text(person.phone, "phone"))


def _count_holders(channel: Channel, guardian: Subject, at: datetime) -> ContactHolders:
    """Count the other people with the same contact, by its keyed hash, without decrypting anything."""
    field = "email_index" if channel == Channel.MAIL else "phone_index"
    index = getattr(guardian, field)
    if index is None:
        return ContactHolders()
    is_child = having_any_role(_LEARNERS) & (Q(of_age_at=None) | Q(of_age_at__gt=at))
    others: Any = Subject.objects.filter(client_id=guardian.client_id, erased_at=None, **{field: bytes(index)})
    found = others.exclude(pk=guardian.pk).aggregate(everybody=Count("pk"), children=Count("pk", filter=is_child))
    return ContactHolders(children=found["children"], others=found["everybody"] - found["children"])
