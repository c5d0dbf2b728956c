"""Panels of a disposal's page: progress, counts by category and system, samples, and orders without an answer."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from paktaleem.directory.data_systems.admin.panels import panel_of_orders
from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.data_systems.selectors import name_systems
from paktaleem.foundation.console.register_names import format_category
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first, take_latest
from retention.disposals.models.batches import Batch, Stage
from retention.disposals.models.items import Item, ItemState
from retention.disposals.selectors import find_certificate, get_progress
from retention.disposals.services.batches import PARENT
from retention.schedule.labels import last_day
from retention.schedule.models.rules import AnonymisationMethod, Disposal

_SAMPLES, _ORDERS = 20, 50


def build_panels(row: Batch) -> list[dict[str, Any]]:
    """Return the panels of a batch, in the context of its client; the number of queries does not grow with its size."""
    found = [_progress_panel(row), _counts_panel(row)]
    if row.stage in {Stage.REVIEW, Stage.SECOND_PERSON, Stage.SCHEDULED}:
        found.append(_samples_panel(row))
    if row.stage in {Stage.EXECUTING, Stage.VERIFYING}:
        own = Order.objects.open().filter(client_id=row.client_id, parent_kind=PARENT, parent_id=row.pk)
        keys = take_first(own.order_by("due_at", "pk").values_list("pk", flat=True), _ORDERS)
        panel = panel_of_orders(Order.objects.filter(client_id=row.client_id, pk__in=list(keys)))
        found.append({**panel, "lines": keys.with_rows(panel["lines"])})
    return found


def _progress_panel(row: Batch) -> dict[str, Any]:
    progress, certificate = get_progress(row), find_certificate(row)
    return {
        "template": "console/panels/disposal_progress.html",
        "row": row,
        "total": progress.total,
        "lines": [(state.label, progress.counts[state]) for state in ItemState if progress.counts.get(state)],
        "causes": sorted((str(cause.label), count) for cause, count in progress.causes.items()),
        "sha256": certificate.sha256 if certificate else "",
    }


def _counts_panel(row: Batch) -> dict[str, Any]:
    names = name_systems(row.client_id, (one["system"] for one in row.summary if one["system"]))
    return {
        "template": "console/panels/disposal_counts.html",
        "lines": [_serialize(one, row.client_id, names) for one in row.summary],
    }


def _serialize(one: dict[str, Any], client_id: UUID, names: dict[str, str]) -> dict[str, Any]:
    rule = one["rule"]
    method = AnonymisationMethod(one["method"]).label if one["method"] else ""
    return {
        "category": format_category(one["category"], client_id),
        "system": names.get(one["system"], "—"),
        "action": f"{Disposal(one['action']).label}: {method}" if method else Disposal(one["action"]).label,
        "count": one["count"],
        "url": reverse("admin:schedule_retentionrule_change", args=[rule], current_app=site.name) if rule else "",
    }


def _samples_panel(row: Batch) -> dict[str, Any]:
    """Return the holdings that were used last: a wrong rule shows there first."""
    own = Item.objects.flagged().filter(client_id=row.client_id, batch=row).select_related("subject")
    zone = row.client.time_zone
    lines = take_latest(own.order_by("-used_at", "pk"), _SAMPLES).map(
        lambda item: {
            "item": item,
            "category": format_category(item.category, row.client_id),
            "person": reverse("admin:subjects_subject_change", args=[item.subject_id], current_app=site.name),
            "last_day": last_day(item.due_at, zone),
        }
    )
    return {"template": "console/panels/disposal_samples.html", "lines": lines}
