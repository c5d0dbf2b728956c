"""Purge expired API data: idempotent responses and change records."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.decisions.models import RegisterChange, SubjectChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.api.models import KeptAnswer
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["purge_expired"]

_MARGIN = timedelta(days=1)
"""Extra retention of changes beyond the validity of their cursors."""


def purge_expired(*, at: datetime) -> int:
    """Delete expired idempotent responses and changes older than any valid cursor; return their number.

    Works client by client.
    """
    return sum(_purge_client(client_id, at) for client_id in _list_client_ids())


def _list_client_ids() -> list[UUID]:
    with as_officer():
        return list(Client.objects.values_list("id", flat=True))


def _purge_client(client_id: UUID, at: datetime) -> int:
    oldest_needed = at - settings.CHANGES_KEPT_FOR - _MARGIN
    with in_client(client_id):
        return (
            _delete_rows(KeptAnswer, client_id=client_id, expires_at__lte=at)
            + _delete_rows(SubjectChange, client_id=client_id, noted_at__lt=oldest_needed)
            + _delete_rows(RegisterChange, client_id=client_id, noted_at__lt=oldest_needed)
        )


def _delete_rows(model: Any, **expired: Any) -> int:
    return int(model.objects.filter(**expired).delete()[0])
