"""Orders about a person on their page in the console."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from paktaleem.directory.data_systems.admin.panels import panel_of_orders
from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.person_pages import ORDERS, SummaryLine, list_url_of_person, on_tab, person_summaries
from paktaleem.foundation.console.requests import may
from paktaleem.foundation.first_rows import take_latest

_MOST = 50


@on_tab(ORDERS)
def person_orders_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the orders about a person's data: the latest fifty."""
    if not may(request, Capability.VIEW_ORDERS, row.client_id):
        return None
    of_person = Order.objects.filter(client_id=row.client_id, subject=row)
    latest = take_latest(of_person.order_by("-created_at", "-pk").values_list("pk", flat=True), _MOST)
    panel = panel_of_orders(of_person.filter(pk__in=list(latest)))
    lines, url = latest.with_rows(panel["lines"]), list_url_of_person(Order, row.pk)
    return {**panel, "lines": lines, "all_url": url} if latest else None


@person_summaries.connect
def summarize_orders(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return how many orders about a person's data are open; nothing if there are none."""
    if not may(request, Capability.VIEW_ORDERS, row.client_id):
        return []
    number = Order.objects.filter(client_id=row.client_id, subject=row, ended_at=None).count()
    return [SummaryLine(gettext("Open orders"), str(number), "?tab=orders")] if number else []
