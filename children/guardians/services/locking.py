"""Taking a child's row, so that what is said about one child follows one another."""

from datetime import datetime, timedelta

from children.guardians.models import ServiceAuthorisation
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import locked_subject

__all__ = ["locked_child", "next_moment"]


def locked_child(child: Subject) -> Subject:
    """Take the child's row until the transaction ends. Raises AlreadyErased."""
    return locked_subject(child.pk, client_id=child.client_id)


def next_moment(child: Subject, at: datetime) -> datetime:
    """Return the moment, or the next one free: a request that waited is recorded after the answers before it."""
    answers = ServiceAuthorisation.objects.filter(client_id=child.client_id, child=child)
    latest = answers.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return at if latest is None or latest < at else latest + timedelta(microseconds=1)
