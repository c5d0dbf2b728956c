"""The orders panel on the page of a case."""

from typing import Any

from django.urls import reverse

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.console.site import site

__all__ = ["orders_panel"]


def orders_panel(row: Any, kind: str) -> dict[str, Any]:
    """Return the panel with the orders of a case of this kind, and their states."""
    orders = Order.objects.filter(client_id=row.client_id, parent_kind=kind, parent_id=row.pk)
    lines = [
        {"order": one, "url": reverse("admin:systems_order_change", args=[one.pk], current_app=site.name)}
        for one in orders.select_related("system").defer("named", "new_values").order_by("pk")
    ]
    return {"template": "console/panels/orders.html", "lines": lines}
