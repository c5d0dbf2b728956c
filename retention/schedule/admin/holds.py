"""Holds in the console: place, review, lift."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.people import link_person
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import waiting_panels
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import day, render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import SortByWaitingTime, progress_filter
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving
from paktaleem.foundation.console.person_pages import (
    HOLDINGS,
    SummaryLine,
    list_url_of_person,
    on_tab,
    person_acts,
    person_panels,
    person_summaries,
)
from paktaleem.foundation.console.register_names import CodeKind, format_category, format_codes, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.text.times import join_words
from retention.holdings.models import Holding
from retention.schedule.admin.rules import HoldForm, PlaceForm
from retention.schedule.labels import describe_due, describe_why
from retention.schedule.models import Hold, HoldKind
from retention.schedule.selectors import DueState, HoldingDue, find_holds, list_due_of_person
from retention.schedule.services.holds import HoldScope, lift_hold, place_hold, review_hold


def describe_scope(row: Hold) -> str:
    """Return which category and which system a hold covers, or that it covers every one."""
    category = format_category(row.category, row.client_id) if row.category else gettext("Every category")
    return f"{category} · {row.system or gettext('Every system')}"


def render_hold_state(row: Hold) -> SafeString:
    """Return whether a hold is in force, to be reviewed, or lifted, as a coloured label."""
    if row.lifted_at is not None:
        return render_state(gettext("Lifted {day}").format(day=day(row.lifted_at)), "good")
    if row.is_to_review(get_time_of(row.client_id)):
        return render_state(gettext("To be reviewed"), "bad")
    return render_state(gettext("In force"), "warn")


@admin.register(Hold, site=site)
class HoldAdmin(SortByWaitingTime, ExportableAdmin[Hold], EvidenceAdmin[Hold]):
    """Console page of holds, newest first."""

    form = HoldForm
    view_capability = Capability.VIEW_HOLDINGS
    add_capability = Capability.MANAGE_HOLDS
    loaded = ("subject", "system", "client")
    list_display = ("placed_at", "kind", "person", "covers", "review_on", "state", "owner")
    list_filter = (progress_filter(open=_("Open")), "client")
    exported = "kind ground person=subject__external_id category system=system__code review_on placed_at lifted_at"
    longest_first = {"open": "review_on", "to_review_at": "review_on"}
    row_fields = ("kind", "ground", "category", "system", "review_on")
    detail_fields = ("person", "covers", "state", "placed_at", "side", "lifted_at", "lift_ground")
    intro = (
        "Data on hold is not disposed of until the hold is lifted. Place a hold of one person’s data on the person’s "
        "page; here, one of all data of a client, or of a category or a system of it."
    )
    empty_text = "No data is on hold."
    state = state_column(render_hold_state)
    acts = (review_hold, lift_hold)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show in one line what a hold covers, instead of a category and a system that may be empty."""
        (title, options), *others = super().get_fieldsets(request, obj)
        hidden = () if obj is None else ("category", "system")
        return [(title, {**options, "fields": [one for one in options["fields"] if one not in hidden]}), *others]

    def write(self, row: Hold, saving: Saving) -> None:
        client = Client.objects.get(pk=row.client_id)
        scope = HoldScope(category=row.category, system=row.system)
        placed = place_hold(
            client,
            kind=row.kind,
            scope=scope,
            ground=row.ground,
            review_on=row.review_on,
            actor=saving.actor,
            at=saving.at,
        )
        row.pk = placed.pk

    def panels(self, request: HttpRequest, row: Hold) -> list[dict[str, object]]:
        return [*super().panels(request, row), *waiting_panels(row)]

    @admin.display(description="person")
    def person(self, row: Hold) -> SafeString | str:
        return link_person(row.subject) if row.subject else gettext("Everyone")

    @admin.display(description="placed by")
    def side(self, row: Hold) -> str:
        return gettext("The client") if row.is_of_client else gettext("An officer")

    @admin.display(description="covers")
    def covers(self, row: Hold) -> str:
        return describe_scope(row)


_MOST = 200
_TONES = {
    DueState.HELD: "warn",
    DueState.RESTRICTED: "warn",
    DueState.NO_RULE: "bad",
    DueState.WAITING: "calm",
    DueState.KEPT: "good",
    DueState.IN_USE: "warn",
    DueState.DUE: "bad",
}


@on_tab(HOLDINGS)
def holdings_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show what is held about a person, for what and until when; the first 200, with a link to all."""
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return None
    at, zone = get_action_time(request), row.client.time_zone
    found = take_first(list_due_of_person(row, actor=actor_of(request), at=at, most=_MOST + 1), _MOST)
    return {
        "template": "console/panels/holdings.html",
        "rows": found.map(lambda one: _serialize(one, at, zone)),
        "all_url": list_url_of_person(Holding, row.pk),
    }


@person_panels.connect
def holds_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show the holds in force that cover data of a person: their own, and those of everyone's data."""
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return None
    holds = find_holds(row.client_id, subject_id=row.pk).select_related("client", "system")
    rows = [
        {
            "kind": hold.get_kind_display(),
            "covers": describe_scope(hold),
            "state": render_hold_state(hold),
            "review_on": hold.review_on,
            "url": reverse("admin:schedule_hold_change", args=[hold.pk], current_app=site.name),
        }
        for hold in holds
    ]
    return {"template": "console/panels/holds.html", "rows": rows}


@person_summaries.connect
def summarize_holds(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the kinds of the holds in force that cover data of a person."""
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return []
    kinds = dict.fromkeys(find_holds(row.client_id, subject_id=row.pk).values_list("kind", flat=True))
    words = join_words(str(HoldKind(kind).label) for kind in kinds)
    return [SummaryLine(gettext("On hold"), render_state(words, "warn"), "#panel-holds")] if kinds else []


def _serialize(one: HoldingDue, at: Any, zone: str) -> dict[str, object]:
    held = one.holding
    return {
        "held": held,
        "category": format_category(held.category, held.client_id),
        "since": _day(held.first_collected_at, zone),
        "used": _day(held.last_activity_at or held.last_collected_at, zone),
        "url": reverse("admin:holdings_holding_change", args=[held.pk], current_app=site.name),
        "occasions": format_codes(CodeKind.OCCASION, held.occasions, held.client_id),
        "purposes": format_purposes(held.purposes, held.client_id) or "—",
        "until": render_state(describe_due(one, at=at, zone=zone), _TONES[one.state(at)]),
        "why": describe_why(one, zone=zone),
    }


def _day(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _place(row: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    hold = place_hold(
        row.client,
        kind=given["kind"],
        scope=HoldScope(subject=row, category=given["category"], system=given["system"]),
        ground=given["ground"],
        review_on=given["review_on"],
        actor=actor_of(request),
        at=get_action_time(request),
    )
    messages.success(request, gettext("The hold is in force."))
    return HttpResponseRedirect(reverse("admin:schedule_hold_change", args=[hold.pk], current_app=site.name))


person_acts.connect(
    RowAction(
        "place-hold",
        "Place a hold",
        Capability.MANAGE_HOLDS,
        _place,
        form=PlaceForm,
        lead="Data on hold is neither disposed of nor erased until the hold is lifted. Orders to delete it that no "
        "system has carried out yet are recalled.",
        applies=lambda row, _: row.is_recorded,
    )
)
