"""Lock a person's row, so that operations on one person run one after another."""

from uuid import UUID

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress

__all__ = ["lock_subject"]


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
