"""Lock a person's row, so that operations on one person run one after another."""

from datetime import datetime
from uuid import UUID

from paktaleem.directory.people.erasure_hooks import list_holds, take_locks
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress


def lock_subject(subject_id: UUID, *, client_id: UUID, during_erasure: bool = False) -> Subject:
    """Return a person's row locked until the transaction ends, with their client.

    ``during_erasure`` is for acts that only end or refuse something, which stay possible while the person is being
    erased. Raises ErasureInProgress unless it is set, AlreadyErased.
    """
    rows = Subject.objects.select_for_update(of=("self",)).select_related("client")
    kept = rows.get(pk=subject_id, client_id=client_id)
    if kept.erased_at is not None:
        raise AlreadyErased
    if kept.is_being_erased and not during_erasure:
        raise ErasureInProgress
    return kept


def lock_unheld_subject(subject: Subject, *, at: datetime) -> Subject | None:
    """Lock a person as an erasure does, and return them; None if they are on hold, or are or were being erased.

    A hold is placed under the same lock, so none begins before the end of the transaction.
    """
    take_locks(subject)
    try:
        locked = lock_subject(subject.pk, client_id=subject.client_id)
    except (AlreadyErased, ErasureInProgress):
        return None
    return None if list_holds(locked, at) else locked
