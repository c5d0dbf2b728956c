"""Erase people who left, by the schedule of the portal's own data (decision 0131)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.directory.people.erasure_hooks import list_unheld
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.directory.people.services.locking import lock_unheld_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from rights.erasures.leavers import list_leavers

_AT_ONCE = 50


def erase_leavers(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Erase the next people of a client who left and whose period is over, up to 50; return how many.

    Every system is asked to erase them too, whether or not it reported data: the key is destroyed after the answers,
    as in every erasure. People on hold are kept until the hold is lifted. Raises ErasureListBehind, NotAllowed, OSError
    or ListDamaged if the erasure list cannot be written.
    """
    due = list_leavers(at).filter(client_id=client_id).order_by("pk")
    return sum(_erase(one, actor, at) for one in list_unheld(due, client_id, at, most=_AT_ONCE))


@transaction.atomic
def _erase(person: Subject, actor: Actor, at: datetime) -> bool:
    """Erase a person, unless they are on hold or needed by now; return True if the erasure has started."""
    unheld = lock_unheld_subject(person, at=at)
    if unheld is None or not list_leavers(at).filter(client_id=person.client_id, pk=person.pk).exists():
        return False
    start_erasure(unheld, actor=actor, reason=Reason.REVIEW, at=at)
    return True
