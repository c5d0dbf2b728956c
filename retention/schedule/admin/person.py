"""The data held about a person on their page: since when, for what, until when and why; its holds; placing one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.person_pages import HOLDINGS, list_url_of_person, on_tab, person_acts, person_panels
from paktaleem.foundation.console.register_names import CodeKind, format_category, format_codes, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from retention.holdings.models.holdings import Holding
from retention.schedule.admin.forms import PlaceForm
from retention.schedule.admin.holds import describe_scope, render_hold_state
from retention.schedule.labels import describe_due, describe_why
from retention.schedule.selectors.due import DueState, HoldingDue, list_due_of_person
from retention.schedule.selectors.holds import find_holds
from retention.schedule.services.holds import HoldScope, place_hold

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
def holdings_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show what is held about a person, since when, on which occasions, for what, and until when with the reason.

    Of more than 200 holdings the first are shown, with a link to all of them.
    """
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
def holds_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
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


def _serialize(one: HoldingDue, at: Any, zone: str) -> dict[str, Any]:
    held = one.holding
    return {
        "held": held,
        "category": format_category(held.category, held.client_id),
        "since": _day(held.first_collected_at, zone),
        "used": _day(held.last_activity_at or held.last_collected_at, zone),
        "url": reverse("admin:retention_holding_change", args=[held.pk], current_app=site.name),
        "occasions": format_codes(CodeKind.OCCASION, held.occasions, held.client_id),
        "purposes": format_purposes(held.purposes, held.client_id) or "—",
        "until": render_state(describe_due(one, at=at, zone=zone), _TONES[one.state(at)]),
        "why": describe_why(one, zone=zone),
    }


def _day(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _place(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
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
