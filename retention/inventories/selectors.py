"""Inventories with their lines, and what holdings rest on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, When

from paktaleem.directory.data_systems.rests_on import RestsOn
from retention.data_map.models import MapLine
from retention.holdings.models import Collection, Holding
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


def annotate_basis(rows: QuerySet[Holding]) -> QuerySet[Any]:
    """Annotate holdings with what ``get_basis`` reads; no further query."""
    own = {"client_id": OuterRef("client_id"), "category": OuterRef("category")}
    declared = MapLine.objects.current().filter(**own, system=OuterRef("system"))
    reports = Collection.objects.filter(**own, subject=OuterRef("subject"), system=OuterRef("system"))
    counted = InventoryLine.objects.filter(**own, inventory__system=OuterRef("system"), compared_at__isnull=False)
    last = counted.order_by("-compared_at", "-pk").values(at=Case(When(missing=0, then="compared_at")))
    return rows.annotate(
        is_declared=Exists(declared),
        reported_at=Subquery(reports.order_by("reported_at").values("reported_at")[:1]),
        counted_at=Subquery(last[:1]),
    )


def get_basis(row: Any) -> RestsOn:
    """Return what an annotated holding rests on; its system confirms it by naming everyone in its last inventory."""
    was_known = row.counted_at is not None and row.reported_at is not None and row.reported_at <= row.counted_at
    confirmed_at = row.counted_at if was_known else None
    return RestsOn(confirmed_at=confirmed_at, is_reported=True, is_declared=row.is_declared)


def find_last_inventories(client_id: UUID) -> dict[UUID | None, dict[str, object]]:
    """Return the last inventory of each system, by its id, for certificates; ``answered_at`` is None if it is open."""
    rows = Inventory.objects.filter(client_id=client_id).order_by("system_id", "-asked_at", "-pk").distinct("system_id")
    last = list(rows)
    lines = group_lines(last)
    return {
        row.system_id: {
            "asked_at": row.asked_at.isoformat(),
            "answered_at": row.answered_at and row.answered_at.isoformat(),
            "people": {line.category: line.counted for line in lines[row.pk] if line.category and row.answered_at},
            "erased_asked": row.erased_asked,
            "erased_held": row.erased_held,
        }
        for row in last
    }
