"""The periods of the portal's own data in the console: all kinds, what is due, the last runs, and changes."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.forms import ScopedForm, set_choices
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.periods.kinds import list_kinds
from paktaleem.foundation.periods.labels import describe_bounds, describe_length, describe_period
from paktaleem.foundation.periods.models import PeriodChange
from paktaleem.foundation.periods.selectors import MOST_COUNTED, KindLine, list_kind_lines
from paktaleem.foundation.periods.services import decide_period_change, request_period_change
from paktaleem.foundation.tenancy.ids import PAKTALEEM


class PeriodForm(ScopedForm):
    """A requested period: the kind, its new length, and the ground."""

    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    kind = forms.ChoiceField(label=_("Kind of data"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds that have a period, with their bounds."""
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kinds = [kind for kind in list_kinds() if kind.bounds]
            offered = [(kind.code, f"{kind.name} ({describe_bounds(kind.bounds)})") for kind in kinds]
            set_choices(self, "kind", [("", gettext("Choose a kind…")), *offered])


@admin.register(PeriodChange, site=site)
class PeriodChangeAdmin(ScopedAdmin):
    """All kinds of the portal's own data with their periods, and the changes of them."""

    view_capability = Capability.VIEW_PERIODS
    ledger_families = ("period",)
    add_capability = Capability.MANAGE_PERIODS
    officers_only = True
    asks_reason = False
    form = PeriodForm
    row_fields = ("kind", "length", "ground")
    fixed = ("kind", "length", "ground")
    detail_fields = ("what", "from_to", "standing", "requested_at", "settled_at")
    list_display = ("requested_at", "what", "from_to", "standing")
    list_filter = ("state",)
    newest_by = "requested_at"
    sortable_by = ()
    change_list_template = "console/periods.html"
    intro = (
        "How long the portal keeps its own data. Every change takes a second person: a shorter period deletes data "
        "that cannot be restored, a longer one keeps data for longer than was published."
    )
    empty_text = "No period was changed: the defaults apply."
    standing = change_state_column
    acts = approval_actions(
        decide_period_change,
        approve="Approve the period",
        decline="Decline the period",
        lead="The period applies from the next run on. What is due then is deleted and cannot be restored.",
        capability=Capability.MANAGE_PERIODS,
        danger=True,
    )

    def client_of(self, row: Any) -> UUID:
        """Return PakTaleem, whose rows all of them are."""
        del row
        return PAKTALEEM

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the changes, all of them PakTaleem's."""
        return super().get_queryset(request).filter(client_id=PAKTALEEM)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for no client, and show the kind and the periods in words once the change is requested."""
        del request
        shown = ["what", "from_to", "ground", "standing", "requested_at", "settled_at"]
        return [(None, {"fields": list(self.row_fields) if obj is None else shown})]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show every kind above the changes."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        lines = list_kind_lines(actor_of(request), at=get_action_time(request))
        values = {
            "lines": [_serialize_line(line) for line in lines],
            "may_change": may(request, Capability.MANAGE_PERIODS),
        }
        return super().changelist_view(request, {**values, **(extra_context or {})})

    def write(self, row: Any, **details: Any) -> None:
        """Request the change."""
        saved = request_period_change(
            row.kind, length=row.length, ground=row.ground, actor=details["actor"], at=details["at"]
        )
        row.pk, row.previous = saved.pk, saved.previous

    @admin.display(description="kind of data")
    def what(self, row: PeriodChange) -> str:
        """Return the name of the kind."""
        return str(_names().get(row.kind, row.kind))

    @admin.display(description="from and to")
    def from_to(self, row: PeriodChange) -> str:
        """Return the period before and after, in words."""
        units = {kind.code: kind.bounds.unit for kind in list_kinds() if kind.bounds}
        if row.kind not in units:
            return f"{row.previous} → {row.length}"
        return f"{describe_length(row.previous, units[row.kind])} → {describe_length(row.length, units[row.kind])}"


def _names() -> dict[str, Any]:
    return {kind.code: kind.name for kind in list_kinds()}


def _serialize_line(line: KindLine) -> dict[str, Any]:
    kind, run = line.kind, line.run
    return {
        "code": kind.code,
        "name": kind.name,
        "period": describe_period(line),
        "bounds": describe_bounds(kind.bounds),
        "counted_from": kind.counted_from,
        "disposal": kind.disposal.label,
        "due": line.due,
        "most": MOST_COUNTED if line.has_more_due else None,
        "run": run,
        "is_counted": kind.is_counted,
    }
