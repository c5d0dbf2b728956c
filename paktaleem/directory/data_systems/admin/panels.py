"""What the page of a case of a room above shows of its orders."""

from typing import Any

from django.urls import reverse

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.console.site import site

__all__ = ["orders_panel"]


def orders_panel(row: Any, kind: str) -> dict[str, Any]:
    """Show what each system was told for a case of this kind, and how far each is."""
    asked = Order.objects.filter(client_id=row.client_id, parent_kind=kind, parent_id=row.pk)
    lines = [
        {"order": one, "url": reverse("admin:systems_order_change", args=[one.pk], current_app=site.name)}
        for one in asked.select_related("system").defer("named", "new_values").order_by("pk")
    ]
    return {"template": "console/panels/orders.html", "lines": lines}
