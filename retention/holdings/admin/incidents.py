"""Console pages of incidents: the data, the deadline for erasure, and the answers of systems."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.register.admin.safeguards import SafeguardGroundForm
from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.directory.data_systems.order_cases import OrderCase, order_cases
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.register_names import format_categories
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.times import isolate
from retention.holdings.admin.holdings import person_link
from retention.holdings.admin.quarantines import request_end
from retention.holdings.disposal_checks import list_disposal_holds
from retention.holdings.models.incidents import Incident
from retention.holdings.services.incidents import PARENT


class IncidentProgressFilter(ProgressFilter):
    """Filter for open and overdue incidents."""

    offered: ClassVar[Any] = {"open": _("Open"), "overdue": _("Overdue")}


def _pill(row: Incident) -> SafeString:
    if not row.is_open:
        return render_state(gettext("Closed"), "good")
    return render_state(gettext("Overdue") if row.due_at <= get_time_of(row.client_id) else gettext("Open"), "bad")


@admin.register(Incident, site=site)
class IncidentAdmin(SortByWaitingTime, ExportableAdmin, EvidenceAdmin):
    """Console page of incidents, newest first."""

    view_capability = Capability.VIEW_INCIDENTS
    list_display = ("opened_at", "person", "about", "state", "due_at", "owner")
    list_filter = (IncidentProgressFilter, "client")
    exported = {
        "person": "subject__external_id",
        "cause": "cause",
        "categories": "categories",
        "opened_at": "opened_at",
        "due_at": "due_at",
        "closed_at": "closed_at",
    }
    newest_by = "opened_at"
    longest_first: ClassVar[Any] = {"overdue": "due_at"}
    row_fields = ("cause",)
    detail_fields = ("person", "about", "on_hold", "state", "opened_at", "due_at", "overdue_told_at", "closed_at")
    intro = (
        "Data of a child that was collected without a guardian’s authority. It is quarantined, and every system that "
        "holds it has seven days to erase it. What is on hold stays in quarantine until the hold is lifted. An "
        "incident closes automatically when the last system has answered. An answer that contradicts what the system "
        "had reported counts once two people have accepted it."
    )
    empty_text = "No data of a child has been collected without authority."
    state = state_column(_pill)
    acts = (
        RowAction(
            "close",
            "Close the incident",
            Capability.CLOSE_INCIDENTS,
            request_end,
            form=SafeguardGroundForm,
            lead="No system has an open order for this incident. Close it once you have checked that the data is "
            "erased. The data leaves quarantine once a second officer approves it.",
            danger=True,
            step_up=True,
            applies=lambda row, _at: row.is_open and not row.waits_for_systems and not row.held,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, and annotate whether an order is open."""
        open_orders = Order.objects.open().filter(
            client_id=OuterRef("client_id"), parent_kind=PARENT, parent_id=OuterRef("pk")
        )
        found = super().get_queryset(request).select_related("subject")
        annotated: QuerySet[Any] = found.annotate(waits_for_systems=Exists(open_orders))
        return annotated

    def panels(self, request: HttpRequest, row: Incident) -> list[dict[str, Any]]:
        """Return the panels with the orders and their answers."""
        return [*super().panels(request, row), orders_panel(row, PARENT)]

    @admin.display(description="person")
    def person(self, row: Incident) -> SafeString:
        """Return a link to the person."""
        return person_link(row)

    @admin.display(description="data")
    def about(self, row: Incident) -> str:
        """Return the categories of data."""
        return format_categories(row.categories, row.client_id)

    @admin.display(description="on hold")
    def on_hold(self, row: Incident) -> str:
        """Return the categories that are not erased everywhere yet, and which holds keep them, in which system."""
        if not row.held:
            return "—"
        holds = list_disposal_holds(row.client_id, row.subject_id, frozenset(row.held))
        words = gettext("{kind}, to be reviewed on {day}: {ground}")
        kinds = [f"{one.kind} ({one.system})" if one.system else one.kind for one in holds]
        lines = [
            words.format(kind=kind, day=isolate(one.review_on.isoformat()), ground=one.ground)
            for kind, one in zip(kinds, holds, strict=True)
        ]
        return "; ".join([format_categories(row.held, row.client_id), *lines])


order_cases.connect(OrderCase(PARENT, Incident))
