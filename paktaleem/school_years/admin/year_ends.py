"""Console page of ends of school years: prepared on a term's page, then numbers, confirmation, progress and result."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.schools.admin.choosing import describe_selection
from paktaleem.directory.schools.models import Term
from paktaleem.directory.schools.selections import Selection
from paktaleem.directory.schools.selectors import get_day
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.school_years.admin.forms import ConfirmForm, PrepareForm
from paktaleem.school_years.admin.panels import build_panels
from paktaleem.school_years.models import Stage, YearEnd
from paktaleem.school_years.services.preparing import cancel_year_end, confirm_year_end, prepare_year_end

_TONES = {Stage.DONE: "good", Stage.CANCELLED: "calm"}


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _prepare(row: Term, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    made = prepare_year_end(row, PrepareForm.to_choices(given), **_by(request))
    return HttpResponseRedirect(reverse("admin:school_years_yearend_change", args=[made.pk], current_app=site.name))


def _confirm(row: YearEnd, _given: dict[str, Any], request: HttpRequest) -> None:
    confirm_year_end(row, **_by(request))


def _cancel(row: YearEnd, _given: dict[str, Any], request: HttpRequest) -> None:
    cancel_year_end(row, **_by(request))


def _is_over(row: Term, at: datetime) -> bool:
    return row.ends_on is not None and row.ends_on <= get_day(row.client, at)


def _render_stage(row: Any) -> SafeString:
    return render_state(row.get_stage_display(), _TONES.get(Stage(row.stage), "warn"))


added_acts.connect(
    AddedAct(
        "schools.term",
        RowAction(
            "end-year",
            "Prepare the end of the year",
            Capability.CLOSE_SCHOOL_YEARS,
            _prepare,
            form=PrepareForm,
            lead="First you see the numbers: which classes close, who leaves, which consents end, and when data is "
            "deleted. Nothing changes before you confirm.",
            applies=_is_over,
        ),
    )
)


@admin.register(YearEnd, site=site)
class YearEndAdmin(EvidenceAdmin):
    """Ends of school years."""

    view_capability = Capability.VIEW_ROSTERS
    ledger_families = ("year_end",)
    list_display = ("__str__", "term", "school", "owner", "standing", "prepared_at")
    list_filter = ("stage", "client")
    newest_by = "prepared_at"
    detail_fields = (
        "term",
        "school",
        "ends_on",
        "leavers_by",
        "chosen_by",
        "standing",
        "prepared_at",
        "confirmed_at",
        "ended_at",
    )
    intro = (
        "The end of a school year closes its classes, closes the accounts of those who leave, and asks again for the "
        "consents of the year or lets them end. It is prepared on the page of a term that has ended."
    )
    empty_text = "No school year has been ended in this way. Open the term or school year that ended."
    acts = (
        RowAction(
            "confirm",
            "End the year",
            Capability.CLOSE_SCHOOL_YEARS,
            _confirm,
            form=ConfirmForm,
            lead="The classes close, the accounts of those who leave close, and the periods after which their data is "
            "deleted begin. The worker does it in steps; you may leave the page. It cannot be undone as a whole.",
            done="Confirmed. The page shows how far it is.",
            danger=True,
            applies=lambda row, _at: row.stage == Stage.READY,
        ),
        RowAction(
            "cancel",
            "Cancel",
            Capability.CLOSE_SCHOOL_YEARS,
            _cancel,
            form=ActionForm,
            lead="Nothing has been changed, and nothing will be.",
            done="Cancelled. Nothing was changed.",
            applies=lambda row, _at: row.stage in {Stage.COUNTING, Stage.READY},
        ),
    )
    standing = state_column(_render_stage)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related terms and schools."""
        return super().get_queryset(request).select_related("term", "school")

    @admin.display(description="chosen by")
    def chosen_by(self, row: YearEnd) -> str:
        """Return the conditions by which the leavers were chosen."""
        return describe_selection(Selection.from_values(row.chosen)) or gettext("no further condition")

    def panels(self, request: HttpRequest, row: YearEnd) -> list[dict[str, Any]]:  # noqa: ARG002 -- as the base
        """Show numbers, dates of deletion and samples."""
        with in_client(row.client_id):
            return build_panels(row)
