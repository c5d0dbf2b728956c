"""Locking a child's row, so that answers about one child are recorded one after another."""

from datetime import datetime, timedelta

from children.guardians.models.authorisations import ServiceAuthorisation
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.locking import lock_subject


def lock_child(child: Subject, *, during_erasure: bool = False) -> Subject:
    """Lock the child's row until the end of the transaction and return it; see ``lock_subject``.

    Raises AlreadyErased, ErasureInProgress.
    """
    return lock_subject(child.pk, client_id=child.client_id, during_erasure=during_erasure)


def next_free_time(child: Subject, at: datetime) -> datetime:
    """Return ``at``, or a microsecond after the child's latest answer if that is not earlier than ``at``."""
    answers = ServiceAuthorisation.objects.filter(client_id=child.client_id, child=child)
    latest = answers.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return at if latest is None or latest < at else latest + timedelta(microseconds=1)
