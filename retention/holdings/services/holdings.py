"""Updating holdings from reported collections and answered orders."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from paktaleem.directory.data_systems.models.orders import Order, OrderKind
from paktaleem.directory.data_systems.states import State
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.tenancy.ids import new_id
from retention.holdings.models.holdings import Collection, Holding

_ADD = """
INSERT INTO retention_holding AS h (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes,
    count, first_collected_at, last_collected_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::jsonb[], %s::jsonb[],
    %s::bigint[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (client_id, subject_id, category, system_id) WHERE ended_at IS NULL DO UPDATE SET
    count = h.count + excluded.count,
    occasions = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.occasions || excluded.occasions) AS v
    ),
    purposes = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.purposes || excluded.purposes) AS v
    ),
    first_collected_at = least(h.first_collected_at, excluded.first_collected_at),
    last_collected_at = greatest(h.last_collected_at, excluded.last_collected_at)
"""

_ENDING_KINDS = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE})
_ENDING_STATES = frozenset({State.CONFIRMED, State.NOT_FOUND})


def add_to_holdings(collections: Iterable[Collection]) -> None:
    """Add collections of a client to the holdings of their systems and people, in one statement (policy §1).

    The people's rows must be locked.
    """
    groups: dict[Any, list[Collection]] = defaultdict(list)
    for one in collections:
        groups[one.client_id, one.subject_id, one.category].append(one)
    rows = [_to_row(found) for found in groups.values()]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


def _to_row(found: list[Collection]) -> tuple[Any, ...]:
    first, times = found[0], [one.collected_at for one in found]
    return (
        new_id(),
        first.client_id,
        first.subject_id,
        first.category,
        first.system_id,
        first.system_owner,
        json.dumps(sorted({one.occasion for one in found})),
        json.dumps(sorted({one.purpose for one in found if one.purpose})),
        sum(one.count for one in found),
        min(times),
        max(times),
    )


def count_reported_records(order: Order) -> dict[str, int]:
    """Return the records that are held by the system of an order, by category; ``data_systems.reported_records``."""
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    counted = held.filter(system_id=order.system_id, category__in=order.categories, count__gt=0)
    return dict(counted.values_list("category", "count"))


def end_holdings(order: Order, actor: Actor, at: datetime) -> None:
    """End the holdings that a system erased, anonymised or did not find; a callback of ``systems.answered``."""
    del actor
    if OrderKind(order.kind) not in _ENDING_KINDS or State(order.state) not in _ENDING_STATES:
        return
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    held.filter(system_id=order.system_id, category__in=order.categories).update(ended_at=at)
