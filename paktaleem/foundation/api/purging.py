"""Throwing away what the API kept for a time only."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.decisions.models import RegisterChange, SubjectChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.api.models import KeptAnswer
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["purge_expired"]

_LONGER = timedelta(days=1)
"""How much longer changes are kept than their cursors hold."""


def purge_expired(*, at: datetime) -> int:
    """Delete, client by client, expired answers and changes that no cursor reaches; returns how many."""
    return sum(_purge_of(client_id, at) for client_id in _clients())


def _clients() -> list[UUID]:
    with as_officer():
        return list(Client.objects.values_list("id", flat=True))


def _purge_of(client_id: UUID, at: datetime) -> int:
    unreachable = at - settings.CHANGES_KEPT_FOR - _LONGER
    with in_client(client_id):
        return (
            _purge(KeptAnswer, client_id=client_id, expires_at__lte=at)
            + _purge(SubjectChange, client_id=client_id, noted_at__lt=unreachable)
            + _purge(RegisterChange, client_id=client_id, noted_at__lt=unreachable)
        )


def _purge(model: Any, **expired: Any) -> int:
    return int(model.objects.filter(**expired).delete()[0])
