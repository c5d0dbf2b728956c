"""Console pages of the data map."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from consent.register.models.purposes import ROLES, DataCategory, Purpose
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import FormData, ScopedForm, get_chosen_client, list_choice_values, set_choices
from paktaleem.foundation.console.model_admin import Saving, ScopedAdmin
from paktaleem.foundation.console.register_names import format_categories, format_category, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.places import name_countries
from paktaleem.foundation.text.times import join_words
from retention.data_map.models import MapLine
from retention.data_map.selectors import MapCell, draw_map
from retention.data_map.services import confirm_line, declare_line, end_line


class LineForm(ScopedForm):
    category = forms.ChoiceField(label=_("Data category"))
    roles = forms.MultipleChoiceField(label=_("People"), choices=ROLES, widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        if "category" in self.fields:
            rows = DataCategory.objects.all()
            if self.instance.client_id is not None:
                rows = rows.filter(client_id__in=[self.instance.client_id, PAKTALEEM])
            names = {row.code: str(row) for row in rows}
            choices = sorted(names.items(), key=lambda one: one[1])
            set_choices(self, "category", [("", gettext("Choose a category…")), *choices])

    def clean(self) -> FormData:
        """Refuse a category for which the system is not registered, with the names of those that are allowed."""
        cleaned = super().clean()
        system = cleaned.get("system")
        if system is not None and cleaned.get("category", "") not in {"", *system.categories}:
            allowed = format_categories(system.categories, system.client_id)
            self.add_error(
                "category", gettext("The system is not registered for it. Allowed: {codes}.").format(codes=allowed)
            )
        return cleaned


def _render_state(line: MapLine) -> SafeString:
    if line.ended_at is not None:
        return render_state(gettext("No longer held"))
    if line.confirmed_at is None:
        return render_state(gettext("To be confirmed"), "warn")
    if line.confirm_by <= get_time_of(line.client_id):
        return render_state(gettext("To be confirmed again"), "warn")
    return render_state(gettext("Confirmed"), "good")


def _render_cell(cell: MapCell, at: datetime) -> dict[str, object]:
    """Return how a cell of the map is shown: its state, its countries, and of how many people it is reported."""
    if cell.line is None:
        state = render_state(gettext("Not declared"), "bad") if cell.people else ""
        return {"cell": cell, "state": state, "countries": ""}
    state = (
        render_state(gettext("Confirmed"), "good")
        if cell.is_confirmed(at)
        else render_state(gettext("Declared"), "warn")
    )
    return {"cell": cell, "state": state, "countries": name_countries(cell.line.countries)}


class LineProgress(ProgressFilter):
    offered = {"current": _("Held now")}


@admin.register(MapLine, site=site)
class MapLineAdmin(ScopedAdmin[MapLine]):
    """Lines of the data map, and the map of a client as a table of systems and categories."""

    form = LineForm
    view_capability = Capability.VIEW_RECORDS
    add_capability = change_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("system", "category", "roles", "purposes", "countries", "found_by")
    fixed = ("system", "category")
    detail_fields = ("state", "declared_at", "confirmed_at", "confirm_by", "ended_at")
    loaded = ("system",)
    list_display = ("system", "category", "people", "used_for", "stored_in", "found_by", "state", "owner")
    list_filter = (LineProgress, "client")
    codes = {"purposes": Purpose}
    change_list_template = "console/data_map_lines.html"
    intro = (
        "Which data each system holds of whom, for what, and in which countries. A system declares it with its API "
        "key, or staff do; the client confirms each line, after a change and every year. Orders do not depend on it: "
        "they go to every system that is registered for a category."
    )
    empty_text = "No system has declared what it holds."
    effect_fields = ("people", "used_for", "stored_in", "found_by")
    acts = (act_page(confirm_line, find_requested=lambda row: row), end_line)

    def has_change_permission(self, request: HttpRequest, obj: MapLine | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.ended_at is None)

    def describe_row(self, row: MapLine) -> str:
        return f"{format_category(row.category, row.client_id)} ({row.system})"

    def write(self, row: MapLine, saving: Saving) -> None:
        declare_line(row, **saving.by)

    state = state_column(_render_state)

    @admin.display(description="people")
    def people(self, row: MapLine) -> str:
        labels = dict(ROLES)
        return join_words(str(labels[role]) for role in row.roles)

    @admin.display(description="purposes")
    def used_for(self, row: MapLine) -> str:
        return format_purposes(row.purposes, row.client_id) or "—"

    @admin.display(description="countries")
    def stored_in(self, row: MapLine) -> str:
        return name_countries(row.countries)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.map_view)
        return [path("map/", view, name="data_map_mapline_map"), *super().get_urls()]

    def map_view(self, request: HttpRequest) -> HttpResponse:
        """Show the map of a client: systems in rows, categories in columns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        client, at = get_chosen_client(request), get_action_time(request)
        with in_client(client.pk):
            drawn = draw_map(actor_of(request), client.pk, at=at)
            names = {code: format_category(code, client.pk) for code in drawn.categories}
        held = set[str]().union(*(one.categories for one in drawn.portal))
        values = {
            "title": gettext("Data map"),
            **list_choice_values(request, client),
            "categories": names.values(),
            "rows": [(row.system, [_render_cell(cell, at) for cell in row.cells]) for row in drawn.rows],
            "held": [code in held for code in drawn.categories],
            "portal": drawn.portal,
        }
        return self.page(request, None, "console/data_map.html", **values)
