"""Lock a person's row, so that operations on one person run one after another."""

from uuid import UUID

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased

__all__ = ["lock_subject"]


def lock_subject(subject_id: UUID, *, client_id: UUID) -> Subject:
    """Return a person's row locked until the transaction ends, with their client. Raises AlreadyErased."""
    rows = Subject.objects.select_for_update(of=("self",)).select_related("client")
    kept = rows.get(pk=subject_id, client_id=client_id)
    if kept.erased_at is not None:
        raise AlreadyErased
    return kept
