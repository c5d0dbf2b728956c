"""Console pages of inventories and of the differences that they show."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.data_systems.admin import system_panels
from paktaleem.directory.data_systems.models import Delivery, System
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import client_name, render_state, state_column, text_column
from paktaleem.foundation.console.decided import DecidedAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import ActionForm, FormData, get_chosen_client, list_choice_values
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import CodeKind, format_category, format_codes, format_purposes
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time, is_shared_with
from paktaleem.foundation.console.row_actions import AddedAct, RowAction, act_page, added_acts
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.admin import AGE_LABELS, DataOfPersonAdmin
from retention.holdings.models import Holding
from retention.holdings.selectors import count_by_age
from retention.inventories.models import Inventory, InventoryLine
from retention.inventories.selectors import annotate_basis, get_basis, list_inventory_lines, list_latest
from retention.inventories.services import Count, answer_inventory, decide_difference, order_inventory


class CountsForm(ActionForm):
    """The number of people for each category of an inventory."""

    def prepare(self) -> None:
        for line in list_inventory_lines(self.row):
            label = gettext("People: {category}").format(category=format_category(line.category, line.client_id))
            self.fields[line.category] = forms.IntegerField(label=label, min_value=0, max_value=2**31 - 1)


def _answer(row: Inventory, given: FormData, request: HttpRequest) -> None:
    lines = list_inventory_lines(row)
    answer_inventory(row, [Count(line.category, given[line.category]) for line in lines], **by_user(request))


def _name_line(line: InventoryLine) -> str:
    return format_category(line.category, line.client_id) if line.category else gettext("An erased person")


def _render_state(row: Inventory) -> SafeString:
    if row.is_late:
        return render_state(gettext("Answered late"), "warn")
    if not row.is_open:
        return render_state(gettext("Answered"), "good")
    if row.due_at <= get_time_of(row.client_id):
        return render_state(gettext("Overdue"), "bad")
    return render_state(gettext("Not answered"), "warn")


def _render_line(line: InventoryLine) -> SafeString:
    if line.compared_at is None:
        return render_state(gettext("Not answered"), "warn")
    if not line.is_difference:
        return render_state(gettext("As reported"), "good")
    if line.decided_at is None:
        return render_state(gettext("To be decided"), "bad")
    return render_state(line.get_decision_display(), "good")


def _panel_of(
    inventories: QuerySet[Inventory], *, current: Inventory | None = None, is_shared: bool = False
) -> dict[str, object]:
    """Return the panel of the latest of these inventories: all lines of the current one, differences of the others."""
    trend = [
        (
            row,
            _render_state(row),
            [(line, _name_line(line), _render_line(line)) for line in lines if row == current or line.is_difference],
        )
        for row, lines in list_latest(inventories)
    ]
    return {"template": "console/panels/inventories.html", "trend": trend, "is_shared": is_shared}


@system_panels.connect
def inventories_panel(request: HttpRequest, row: System) -> dict[str, object]:
    """Show the latest inventories of a system; those of all clients if it is PakTaleem's and an officer reads."""
    is_shared = row.client_id == PAKTALEEM and actor_of(request).client_id is None
    return _panel_of(Inventory.objects.filter(system=row).annotate(owner_name=client_name()), is_shared=is_shared)


@admin.register(Inventory, site=site)
class InventoryAdmin(EvidenceAdmin[Inventory]):
    """Inventories, and the last twelve of the same system beside each."""

    view_capability = Capability.VIEW_RECORDS
    loaded = ("system",)
    list_display = ("asked_at", "system", "asked_for", "state", "due_at", "answered_at", "owner")
    list_filter = (ProgressFilter, "client")
    row_fields = ("system", "asked_for", "erased_asked", "erased_held")
    detail_fields = ("state", "asked_at", "due_at", "answered_at")
    intro = (
        "Every month each system counts the people of whom it holds data, and before an exit is certified. The portal "
        "compares the numbers with what the system reported."
    )
    empty_text = "No inventory has been ordered yet."
    state = state_column(_render_state)
    acts = (
        RowAction(
            "answer",
            "Enter the numbers",
            Capability.MANAGE_SYSTEMS,
            _answer,
            form=CountsForm,
            lead="The number of people of whom the system holds each kind of data.",
            done="Answered.",
            applies=lambda row, _at: row.is_open and row.system.delivery == Delivery.BY_HAND,
        ),
    )

    def _acts_of(self, request: HttpRequest, row: Any) -> list[RowAction]:
        return [] if is_shared_with(request, row.system_owner) else super()._acts_of(request, row)

    def panels(self, request: HttpRequest, row: Inventory) -> list[dict[str, object]]:
        of_system = Inventory.objects.filter(client_id=row.client_id, system=row.system_id)
        return [*super().panels(request, row), _panel_of(of_system, current=row)]


@admin.register(InventoryLine, site=site)
class InventoryLineAdmin(DecidedAdmin[InventoryLine]):
    """Lines of inventories: the list begins with the differences that staff have to decide about."""

    view_capability = Capability.VIEW_RECORDS
    loaded = ("inventory__system",)
    list_display = ("data", "system", "state", "counted", "expected", "compared_at", "owner")
    list_filter = (ProgressFilter, "client")
    detail_fields = (
        *("system", "data", "state", "compared_at", "counted", "expected", "missing", "unexpected", "still_held"),
        *("ground", "decider", "decided_at"),
    )
    intro = (
        "What systems count, beside what they reported. “Missing” are people of whom the system reported data and does "
        "not name, “not reported” the reverse; both are known if it names people by hashes of their LMS ids."
    )
    empty_text = "No inventory has been ordered yet."
    state = state_column(_render_line)
    acts = (act_page(decide_difference),)

    def describe_row(self, row: InventoryLine) -> str:
        return f"{_name_line(row)} ({row.inventory.system})"

    @admin.display(description="system")
    def system(self, row: InventoryLine) -> str:
        return str(row.inventory.system)

    @admin.display(description="data")
    def data(self, row: InventoryLine) -> str:
        return _name_line(row)


added_acts.connect(AddedAct("data_systems.system", act_page(order_inventory)))


@admin.register(Holding, site=site)
class HoldingAdmin(ExportableAdmin[Holding], DataOfPersonAdmin[Holding]):
    list_display = ("last_collected_at", "category", "person", "system", "count", "basis", "state", "owner")
    change_list_template = "console/holdings.html"
    row_fields = ("category", "count")
    exported = (
        "person=subject__external_id system=system__code category count first_collected_at "
        "last_collected_at last_activity_at ended_at"
    )
    detail_fields = (
        *("person", "system", "state", "basis", "about", "why"),
        *("first_collected_at", "last_collected_at", "last_activity_at", "ended_at"),
    )
    intro = "Data held about people, by category and system, derived from reported collections and erasures."
    empty_text = "No data is known to be held yet."
    state = state_column(
        lambda row: (
            render_state(gettext("Held"), "warn") if row.ended_at is None else render_state(gettext("Deleted"), "good")
        )
    )
    basis = text_column(lambda row: get_basis(row).describe(), "rests on")
    about = text_column(lambda row: format_codes(CodeKind.OCCASION, row.occasions, row.client_id), "occasions")
    why = text_column(lambda row: format_purposes(row.purposes, row.client_id), "purposes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Holding]:
        return annotate_basis(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ages_view)
        return [path("picture/", view, name="holdings_holding_picture"), *super().get_urls()]

    def ages_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor, at = actor_of(request), get_action_time(request)
        client = get_chosen_client(request)
        counts = count_by_age(actor, client.pk, at=at)
        values = {
            "title": gettext("Holdings by category and age"),
            **list_choice_values(request, client),
            "lines": [
                (format_category(category, client.pk), numbers, sum(numbers)) for category, numbers in counts.items()
            ],
            "ages": AGE_LABELS,
        }
        return self.page(request, None, "console/holdings_picture.html", **values)
