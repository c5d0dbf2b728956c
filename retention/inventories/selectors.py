"""Inventories with their lines."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from retention.inventories.models import Inventory, InventoryLine

_LATEST = 12
"""Inventories of a system that are listed: a year of months."""


def list_inventory_lines(inventory: Inventory) -> list[InventoryLine]:
    """List the lines of an inventory, by category."""
    return group_lines([inventory])[inventory.pk]


def group_lines(inventories: Sequence[Inventory]) -> dict[UUID, list[InventoryLine]]:
    """Return the lines of inventories, by category, with one query."""
    lines: dict[UUID, list[InventoryLine]] = {one.pk: [] for one in inventories}
    for line in InventoryLine.objects.filter(inventory__in=inventories).order_by("category"):
        lines[line.inventory_id].append(line)
    return lines


def list_latest(inventories: QuerySet[Inventory]) -> list[tuple[Inventory, list[InventoryLine]]]:
    """List the latest twelve of these inventories with their lines, newest first; two queries."""
    rows = list(inventories[:_LATEST])
    lines = group_lines(rows)
    return [(row, lines[row.pk]) for row in rows]


def list_awaited(client_id: UUID, *, at: datetime) -> QuerySet[Inventory]:
    """List the inventories of a client that are not answered and not overdue, with their systems, first due first."""
    rows: QuerySet[Inventory] = Inventory.objects.open().filter(client_id=client_id, due_at__gte=at)
    return rows.select_related("system").order_by("due_at", "pk")


def find_last_inventories(client_id: UUID) -> dict[UUID | None, dict[str, object]]:
    """Return the last inventory of each system, by its id, for certificates; ``answered_at`` is None if it is open."""
    rows = Inventory.objects.filter(client_id=client_id).order_by("system_id", "-asked_at", "-pk").distinct("system_id")
    last = list(rows)
    lines = group_lines(last)
    return {
        row.system_id: {
            "asked_at": row.asked_at.isoformat(),
            "answered_at": row.answered_at and row.answered_at.isoformat(),
            "people": {line.category: line.counted for line in lines[row.pk]} if row.answered_at else {},
        }
        for row in last
    }
