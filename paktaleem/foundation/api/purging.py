"""Deletion of stored answers whose key is no longer valid."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.api.data_kinds import IDEMPOTENCY
from paktaleem.foundation.api.models import KeptAnswer
from paktaleem.foundation.periods.purging import record_disposal
from paktaleem.foundation.periods.selectors import get_cutoff
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["purge_expired"]

_AT_ONCE = 5_000


def purge_expired(*, at: datetime) -> int:
    """Delete the answers that expired before ``at`` (system clock), client by client; return how many."""
    rows = 0
    for client_id in list_client_ids():
        while done := _purge_batch(client_id, at):
            rows += done
    record_disposal(IDEMPOTENCY, rows=rows)
    return rows


def _purge_batch(client_id: UUID, at: datetime) -> int:
    with in_client(client_id):
        old = KeptAnswer.objects.filter(client_id=client_id, stored_at__lte=get_cutoff(IDEMPOTENCY, at=at))
        rows, _by_model = KeptAnswer.objects.filter(
            client_id=client_id, pk__in=old.order_by("stored_at").values("pk")[:_AT_ONCE]
        ).delete()
    return rows
