"""Console pages for systems that hold personal data, and for the API keys that act for them."""

from typing import Any, TypedDict

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.data_systems.extension_points import category_models
from paktaleem.directory.data_systems.models import EXEMPTION_LABELS, Order, OrderAlert, OrderSet, System, SystemKey
from paktaleem.directory.data_systems.services.registering import (
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    period_pill,
    reason_column,
    render_state,
    staff_name,
    state_column,
)
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving, ScopedAdmin
from paktaleem.foundation.console.person_pages import ORDERS, SummaryLine, list_url_of_person, on_tab, person_summaries
from paktaleem.foundation.console.register_names import format_categories
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.row_actions import Weakens, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.text.times import format_date


@admin.register(System, site=site)
class SystemAdmin(ScopedAdmin[System]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = change_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("code", "name", "categories", "delivery", "contact", "starts_at")
    fixed = ("code", "starts_at")
    detail_fields = ("state", "proposer", "proposed_at", "ground", "ends_at")
    effect_fields = ("name", "categories")
    list_display = ("name", "code", "holds", "delivery", "state", "owner")
    list_filter = ("delivery", "client")
    search_fields = ("code", "name")
    codes = {"categories": category_models}
    intro = (
        "Systems that hold personal data. An order about a person goes to each system that holds the data it is about: "
        "the client’s own, and PakTaleem’s, which serve every client."
    )
    empty_text = "No system has been registered: no one is notified when data must be corrected or erased."
    state = state_column(period_pill)
    acts = (
        act_page(propose_system_end, weakens=Weakens.ALWAYS),
        act_page(end_system, step_up=True, find_requested=lambda row: row),
        keep_system,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[System]:
        found: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = found.annotate(proposer_name=staff_name("proposed_by", actor_of(request)))
        return named

    @admin.display(description="end proposed by")
    def proposer(self, row: Any) -> str:
        return row.proposer_name or ("—" if row.proposed_by is None else gettext("Former staff"))

    def write(self, row: System, saving: Saving) -> None:
        change_system(row, **saving.by)

    @admin.display(description="data it holds")
    def holds(self, row: System) -> str:
        return format_categories(row.categories, row.client_id)


@admin.register(SystemKey, site=site)
class SystemKeyAdmin(ScopedAdmin[SystemKey]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("key_name", "system")
    detail_fields = ("state", "starts_at", "ends_at")
    loaded = ("system",)
    list_display = ("key_name", "system", "state", "starts_at", "owner")
    list_filter = ("client",)
    intro = (
        "A caller with a key of this name acts for the system and sees only its orders. A rotated key keeps its name "
        "and continues to work. PakTaleem’s systems have a separate key at each client."
    )
    empty_text = "No API key belongs to a system yet."
    state = state_column(period_pill)
    acts = (act_page(end_system_key, applies=lambda row, _at: row.ends_at is None),)

    def write(self, row: SystemKey, saving: Saving) -> None:
        assign_key(row, **saving.by)


@admin.register(OrderAlert, site=site)
class OrderAlertAdmin(EvidenceAdmin[OrderAlert]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("raised_at", "where", "kind", "system", "state_pill", "owner")
    list_filter = ("client",)
    detail_fields = ("where", "attempt", "raised_at", "kind", "system", "state_pill")
    intro = (
        "Orders found to need manual action, once in each state. An email was sent to the client’s administrators, or "
        "to PakTaleem’s officers if the system is PakTaleem’s."
    )
    empty_text = "No order has been stuck yet."
    where = state_column(lambda row: render_state(row.get_state_display(), "warn"), "stuck in state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderAlert]:
        found = super().get_queryset(request).select_related("order__system")
        return found.defer("order__named", "order__new_values")

    @admin.display(description="order")
    def kind(self, row: OrderAlert) -> SafeString:
        url = reverse("admin:data_systems_order_change", args=[row.order_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.order.get_kind_display())

    @admin.display(description="system")
    def system(self, row: OrderAlert) -> str:
        return str(row.order.system)

    @admin.display(description="now")
    def state_pill(self, row: OrderAlert) -> SafeString:
        if (row.order.state, row.order.attempts) == (row.state, row.attempt):
            return render_state(gettext("Still there"), "bad")
        return render_state(row.order.get_state_display(), "good" if not row.order.is_open else "calm")


@admin.register(OrderSet, site=site)
class OrderSetAdmin(EvidenceAdmin[OrderSet]):
    """Orders about many people at once."""

    view_capability = Capability.VIEW_RECORDS
    list_display = ("created_at", "kind", "ground", "number", "due_at", "by", "owner")
    list_filter = ("client",)
    row_fields = ("kind", "ground")
    detail_fields = ("number", "data", "why", "due_at", "by", "case", "created_at", "orders_hash")
    intro = "One order about many people, issued at once. Their number and a hash over all of them are the evidence."
    empty_text = "No order about many people at once has been issued yet."
    why = reason_column
    by = actor_column()

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderSet]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    @admin.display(description="orders")
    def number(self, row: OrderSet) -> str:
        return f"{row.size:,}"

    @admin.display(description="data")
    def data(self, row: OrderSet) -> str:
        return format_categories(row.categories, row.client_id)

    @admin.display(description="case")
    def case(self, row: OrderSet) -> str:
        return f"{row.parent_kind.replace('_', ' ')} {row.parent_id}" if row.parent_id else "—"


ORDERS_TEMPLATE = "console/panels/orders.html"


class OrderLine(TypedDict):
    """An order on the page of its case."""

    order: Order
    state: str
    rests_on: str
    url: str


def orders_panel(row: TenantRow, kind: str) -> dict[str, object]:
    """Return the panel with the orders of a case of this kind, and their states."""
    return panel_of_orders(Order.objects.filter(client_id=row.client_id, parent_kind=kind, parent_id=row.pk))


def panel_of_orders(orders: QuerySet[Order]) -> dict[str, object]:
    return {"template": ORDERS_TEMPLATE, "lines": list_order_lines(orders)}


def list_order_lines(orders: QuerySet[Order]) -> list[OrderLine]:
    """List these orders with their states, and why one did not apply."""
    lines: list[OrderLine] = []
    for order in orders.select_related("system").defer("named", "new_values").order_by("pk"):
        reason, state = (order.result or {}).get("reason", ""), str(order.get_state_display())
        if order.state == State.NOT_APPLICABLE and reason:
            state = gettext("Not applicable: {reason}").format(reason=EXEMPTION_LABELS.get(reason, reason))
        url = reverse("admin:data_systems_order_change", args=[order.pk], current_app=site.name)
        lines.append({"order": order, "state": state, "rests_on": _describe_basis(order), "url": url})
    return lines


def _describe_basis(order: Order) -> str:
    if order.is_open:
        return "—"
    if order.confirmed_at is None:
        return gettext("Not confirmed")
    return gettext("Confirmed by the system on {day}").format(day=format_date(order.confirmed_at))


_MOST = 50


@on_tab(ORDERS)
def person_orders_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show the orders about a person's data: the latest fifty."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return None
    of_person = Order.objects.filter(client_id=row.client_id, subject=row)
    latest = take_latest(of_person.order_by("-created_at", "-pk").values_list("pk", flat=True), _MOST)
    if not latest:
        return None
    lines = latest.with_rows(list_order_lines(of_person.filter(pk__in=list(latest))))
    return {"template": ORDERS_TEMPLATE, "lines": lines, "all_url": list_url_of_person(Order, row.pk)}


@person_summaries.connect
def summarize_orders(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return how many orders about a person's data are open; nothing if there are none."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return []
    number = Order.objects.filter(client_id=row.client_id, subject=row, ended_at=None).count()
    return [SummaryLine(gettext("Open orders"), str(number), "?tab=orders")] if number else []
