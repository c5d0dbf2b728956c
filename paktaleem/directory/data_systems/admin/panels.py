"""The orders panel on the page of a case."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.labels import EXEMPTION_LABELS
from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.data_systems.states import State
from paktaleem.foundation.console.site import site


def orders_panel(row: Any, kind: str) -> dict[str, Any]:
    """Return the panel with the orders of a case of this kind, and their states."""
    return panel_of_orders(Order.objects.filter(client_id=row.client_id, parent_kind=kind, parent_id=row.pk))


def panel_of_orders(orders: QuerySet[Order]) -> dict[str, Any]:
    """Return the panel with these orders, their states, and why one did not apply."""
    lines = [
        {
            "order": one,
            "state": describe_state(one),
            "url": reverse("admin:systems_order_change", args=[one.pk], current_app=site.name),
        }
        for one in orders.select_related("system").defer("named", "new_values").order_by("pk")
    ]
    return {"template": "console/panels/orders.html", "lines": lines}


def describe_state(order: Order) -> str:
    """Return the state of an order in words; with the reason if it did not apply."""
    reason = (order.result or {}).get("reason", "")
    if order.state != State.NOT_APPLICABLE or not reason:
        return str(order.get_state_display())
    words = EXEMPTION_LABELS.get(reason, reason)
    return _("Not applicable: {reason}").format(reason=words)
