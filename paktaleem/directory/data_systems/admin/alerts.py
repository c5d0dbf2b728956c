"""Console pages for order sets, and for alerts of stuck orders."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models.alerts import OrderAlert
from paktaleem.directory.data_systems.models.orders import OrderSet
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import format_categories
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site


@admin.register(OrderAlert, site=site)
class OrderAlertAdmin(EvidenceAdmin):
    """Alerts of stuck orders, newest first."""

    view_capability = Capability.VIEW_ORDERS
    list_display = ("raised_at", "where", "kind", "system", "state_pill", "owner")
    list_filter = ("client",)
    newest_by = "raised_at"
    detail_fields = ("where", "attempt", "raised_at", "kind", "system", "state_pill")
    intro = (
        "Orders found to need manual action, once in each state. An email was sent to the client’s administrators, or "
        "to PakTaleem’s officers if the system is PakTaleem’s."
    )
    empty_text = "No order has been stuck yet."
    where = state_column(lambda row: render_state(row.get_state_display(), "warn"), "stuck in state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related order and system, without sealed columns."""
        found = super().get_queryset(request).select_related("order__system")
        return found.defer("order__named", "order__new_values")

    @admin.display(description="order")
    def kind(self, row: OrderAlert) -> SafeString:
        """Link to the order."""
        url = reverse("admin:systems_order_change", args=[row.order_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.order.get_kind_display())

    @admin.display(description="system")
    def system(self, row: OrderAlert) -> str:
        """Return the system's name."""
        return str(row.order.system)

    @admin.display(description="now")
    def state_pill(self, row: OrderAlert) -> SafeString:
        """Return whether the order is still stuck in this state."""
        if (row.order.state, row.order.attempts) == (row.state, row.attempt):
            return render_state(_("Still there"), "bad")
        return render_state(row.order.get_state_display(), "good" if not row.order.is_open else "calm")


@admin.register(OrderSet, site=site)
class OrderSetAdmin(EvidenceAdmin):
    """Orders about many people at once."""

    view_capability = Capability.VIEW_ORDERS
    list_display = ("created_at", "kind", "ground", "number", "due_at", "by", "owner")
    list_filter = ("client",)
    newest_by = "created_at"
    row_fields = ("kind", "ground")
    detail_fields = ("number", "data", "why", "due_at", "by", "case", "created_at", "orders_hash")
    intro = "One order about many people, issued at once. Their number and a hash over all of them are the evidence."
    empty_text = "No order about many people at once has been issued yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate the actor's name."""
        return annotate_actor(super().get_queryset(request), actor_of(request))

    @admin.display(description="orders")
    def number(self, row: OrderSet) -> str:
        """Return the number of orders."""
        return f"{row.size:,}"

    @admin.display(description="data")
    def data(self, row: OrderSet) -> str:
        """Return the data categories."""
        return format_categories(row.categories, row.client_id)

    @admin.display(description="reason")
    def why(self, row: OrderSet) -> str:
        """Return the label of the reason."""
        return reason_label(row.reason)

    @admin.display(description="by")
    def by(self, row: Any) -> str:
        """Return the actor's name."""
        return format_actor(row)

    @admin.display(description="case")
    def case(self, row: OrderSet) -> str:
        """Return the kind and id of the case that the orders serve."""
        return f"{row.parent_kind.replace('_', ' ')} {row.parent_id}" if row.parent_id else "—"
