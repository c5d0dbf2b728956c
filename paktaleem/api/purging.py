"""Throwing away what the API kept for a time only."""

from datetime import datetime
from uuid import UUID

from paktaleem.accounts.models import Client
from paktaleem.api.models import KeptAnswer
from paktaleem.tenancy.context import as_officer, in_client

__all__ = ["purge_kept_answers"]


def purge_kept_answers(*, at: datetime) -> int:
    """Delete, client by client, the kept answers that have expired; returns how many."""
    return sum(_purge_of(client_id, at) for client_id in _clients())


def _clients() -> list[UUID]:
    with as_officer():
        return list(Client.objects.values_list("id", flat=True))


def _purge_of(client_id: UUID, at: datetime) -> int:
    with in_client(client_id):
        return KeptAnswer.objects.filter(client_id=client_id, expires_at__lte=at).delete()[0]
