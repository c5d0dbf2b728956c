"""Whether a guardian can be asked by a contact without asking the child: opened for the comparison, and no longer."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from children.guardians.contacts import Contact, Holders, Unusable, why_unusable
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed

__all__ = ["fit_channel", "is_fit"]

_LEARNERS = (SubjectRole.STUDENT, SubjectRole.LEARNER)


def fit_channel(child: Subject, guardian: Subject, *, at: datetime) -> tuple[Channel | None, Unusable | None]:
    """Choose the way by which this guardian is asked about this child: mail before text messages.

    Returns the way, or None with the reason against the first contact that there is.
    """
    known, reasons = (_opened(child), _opened(guardian)), []
    for channel in (Channel.MAIL, Channel.TEXT):
        reason = _why(channel, child, guardian, known, at)
        if reason is None:
            return channel, None
        reasons.append(reason)
    return None, next((one for one in reasons if one != Unusable.MISSING), Unusable.MISSING)


def is_fit(channel: Channel | str, child: Subject, guardian: Subject, *, at: datetime) -> bool:
    """Say whether whoever reads this contact of the guardian's can be taken for the guardian of this child."""
    return _why(Channel(channel), child, guardian, (_opened(child), _opened(guardian)), at) is None


def _why(
    channel: Channel, child: Subject, guardian: Subject, known: tuple[Contact, Contact], at: datetime
) -> Unusable | None:
    held = _holders(channel, guardian, at)
    return why_unusable(channel.value, child=known[0], guardian=known[1], holders=held, region=child.client.country)


def _opened(person: Subject) -> Contact:
    if person.email is None and person.phone is None:
        return Contact()
    sealer = sealer_of(person)

    def text(sealed: Sealed | None, field: str) -> str | None:
        return None if sealed is None else sealer.open(sealed, column=f"subjects_subject.{field}")

    return Contact(email=text(person.email, "email"), phone=text(person.phone, "phone"))


def _holders(channel: Channel, guardian: Subject, at: datetime) -> Holders:
    """Count who else has the contact, by its keyed hash: nothing is opened."""
    field = "email_index" if channel == Channel.MAIL else "phone_index"
    index = getattr(guardian, field)
    if index is None:
        return Holders()
    is_child = Q(role__in=_LEARNERS) & (Q(of_age_at=None) | Q(of_age_at__gt=at))
    others: Any = Subject.objects.filter(client_id=guardian.client_id, erased_at=None, **{field: bytes(index)})
    found = others.exclude(pk=guardian.pk).aggregate(everybody=Count("pk"), children=Count("pk", filter=is_child))
    return Holders(children=found["children"], others=found["everybody"] - found["children"])
