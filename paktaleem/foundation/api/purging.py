"""Deletion of rows that the API stores for a limited time only."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.api.models import KeptAnswer
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["expiring_rows", "purge_expired"]

type Purge = Callable[[UUID, datetime], int]
"""Deletes the expired rows of one client, inside its context; returns how many."""

expiring_rows: ExtensionPoint[Purge] = ExtensionPoint(
    "api.expiring_rows", "Called hourly for each client, to delete rows that the API no longer needs."
)


def purge_expired(*, at: datetime) -> int:
    """Delete, client by client, expired answers and everything that apps above let expire; returns how many."""
    return sum(_purge_client(client_id, at) for client_id in _list_client_ids())


def _list_client_ids() -> list[UUID]:
    with as_officer():
        return list(Client.objects.values_list("id", flat=True))


def _purge_client(client_id: UUID, at: datetime) -> int:
    with in_client(client_id):
        expired, _by_model = KeptAnswer.objects.filter(client_id=client_id, expires_at__lte=at).delete()
        return expired + sum(purge(client_id, at) for purge in expiring_rows)
