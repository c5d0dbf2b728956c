"""Deletion of stored answers whose key is no longer valid."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.upkeep.periods.purging import purge_clients
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff
from paktaleem.foundation.web.api.data_kinds import IDEMPOTENCY
from paktaleem.foundation.web.api.models import KeptAnswer

_AT_ONCE = 5_000


def purge_expired(*, at: datetime) -> int:
    """Delete the answers that expired before ``at`` (system clock), client by client; return how many."""
    return purge_clients(IDEMPOTENCY, lambda client_id, _at: _purge_batch(client_id, at), clients=list_client_ids())


def _purge_batch(client_id: UUID, at: datetime) -> int:
    old = KeptAnswer.objects.filter(client_id=client_id, stored_at__lte=get_cutoff(IDEMPOTENCY, at=at))
    rows, _by_model = KeptAnswer.objects.filter(
        client_id=client_id, pk__in=old.order_by("stored_at").values("pk")[:_AT_ONCE]
    ).delete()
    return rows
