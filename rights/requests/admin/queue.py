"""The queue of rights requests: filters and columns of the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.exporting import ExportForm, Format, send_table
from paktaleem.foundation.console.filters import ChosenFilter, ProgressFilter
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.indexes import Constant
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests.hooks import calls_to_make
from rights.requests.models import SOON, TO_CALL, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import Figures, MonthFigures, get_figures, get_monthly_figures
from rights.requests.states import State

_TONES = {
    State.CLOSED: "good",
    State.RESPONDED: "good",
    State.WITHDRAWN: "calm",
    State.DUPLICATE: "calm",
    State.HANDED_OVER: "calm",
}
_DAY = timedelta(days=1)


def select_calls(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the unanswered requests with a call to make, verified by nothing or by a code only."""
    called = [Exists(list_calls().filter(request=OuterRef("pk"))) for list_calls in calls_to_make]
    waiting = rows.filter(closed_at=None, answered_at=None, identity_method__in=[Constant(one) for one in TO_CALL])
    return waiting.filter(reduce(or_, called, Q(pk__in=[])))


class RequestProgressFilter(ProgressFilter):
    """Filter for open, due and overdue requests; the list opens with those that are open."""

    default = "open"
    offered: ClassVar[Any] = {
        "to_call_back": _("To be called back"),
    }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return select_calls(queryset) if self.value() == "to_call_back" else super().queryset(request, queryset)


class KindFilter(ChosenFilter):
    """Filter by a right in the request."""

    title = "right"
    parameter_name = "right"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(value, str(label)) for value, label in RightKind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk"), kind=self.value())
        return queryset.filter(Exists(parts)) if self.value() else queryset


class AssigneeFilter(admin.SimpleListFilter):
    """Filter for what is assigned to the user, and for what is assigned to no one."""

    title = "assignee"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("me", gettext("Assigned to me")), ("none", gettext("Assigned to no one"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "me":
            return queryset.filter(assignee_id=actor_of(request).id)
        return queryset.filter(assignee=None) if self.value() == "none" else queryset


def render_standing(row: RightsRequest) -> SafeString:
    """Return the state as a label that warns before the deadline."""
    at = get_time_of(row.client_id)
    if row.is_undelivered and row.answer_by is not None:
        if row.answer_by <= at:
            return render_state(gettext("Overdue"), "bad")
        return render_state(row.get_state_display(), "warn" if row.answer_by - at < SOON else "calm")
    return render_state(row.get_state_display(), _TONES.get(State(row.state), "calm"))


def render_due(row: RightsRequest) -> str:
    """Return in how many days the answer is due, or for how many days it is late; a dash once there is one."""
    if not row.is_undelivered or row.answer_by is None:
        return "—"
    left = -((get_time_of(row.client_id) - row.answer_by) // _DAY)
    if left > 0:
        return ngettext("in {days} day", "in {days} days", left).format(days=left)
    late = max(-left, 1)
    return ngettext("{days} day late", "{days} days late", late).format(days=late)


def assignee_for(viewer: Actor) -> Case | Subquery:
    """Return an expression for the assignee's email; clients see only that it is one of PakTaleem's staff.

    A subquery and no join, so that a list is counted in an index alone.
    """
    email = Subquery(User.objects.filter(pk=OuterRef("assignee_id")).values("email"))
    if viewer.client_id is None:
        return email
    own = Membership.objects.filter(client_id=viewer.client_id, user_id=OuterRef("assignee_id"))
    ours = When(Q(assignee__isnull=False) & ~Exists(own), then=Value("PakTaleem"))
    return Case(ours, default=email, output_field=CharField())


_PERIODS = {
    "30": (timedelta(days=30), _("30 days")),
    "90": (timedelta(days=90), _("90 days")),
    "365": (timedelta(days=365), _("One year")),
    "all": (None, _("All years")),
}
_DEFAULT = "365"
_COLUMNS = ("client", "right", "received", "answered", "in_time", "median_days")
_STEP, _BAR, _HEIGHT, _BASE = 52, 18, 120, 140
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _MonthBars:
    """The bars of one month in the picture: places and heights."""

    figures: MonthFigures
    x: int
    x_in_time: int
    received_y: int
    received_height: int
    in_time_y: int
    in_time_height: int


def show_figures(owner: Any, request: HttpRequest) -> HttpResponse:
    """Show the figures of the chosen period by client and right, and of the last twelve months."""
    found = _get_chosen(request)
    months = get_monthly_figures(actor_of(request), until=get_action_time(request))
    page: HttpResponse = owner.page(
        request,
        None,
        "console/rights_figures.html",
        title=gettext("Figures of rights requests"),
        lines=[(name, RightKind(one.kind).label, one) for name, one in _name_clients(found)],
        periods=[(code, label, code == _period_of(request)) for code, (_span, label) in _PERIODS.items()],
        period=_period_of(request),
        months=_draw(months),
        may_export=may(request, Capability.EXPORT_ROWS),
    )
    return page


def export_figures(owner: Any, request: HttpRequest) -> HttpResponseBase:
    """Ask for format and reason, then return the figures of the chosen period as a file; the export is recorded."""
    if not may(request, Capability.EXPORT_ROWS):
        raise PermissionDenied
    found = _get_chosen(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        back = reverse("admin:rights_rightsrequest_figures", current_app=site.name)
        values: dict[str, Any] = {"number": len(found), "headings": _COLUMNS, "most": 0, "is_too_much": False}
        page: HttpResponse = owner.page(
            request,
            None,
            "console/export.html",
            title=gettext("Export"),
            form=form,
            back=f"{back}?period={_period_of(request)}",
            **values,
        )
        return page
    return _build_file(request, found, Format(form.cleaned_data["format"]), form.cleaned_data["reason"])


def _period_of(request: HttpRequest) -> str:
    wanted = request.GET.get("period", _DEFAULT)
    return wanted if wanted in _PERIODS else _DEFAULT


def _get_chosen(request: HttpRequest) -> list[Figures]:
    if not may(request, Capability.VIEW_REQUEST_FIGURES):
        raise PermissionDenied
    span, _label = _PERIODS[_period_of(request)]
    at = get_action_time(request)
    return get_figures(actor_of(request), since=at - span if span else _EVER)


def _name_clients(found: Sequence[Figures]) -> list[tuple[str, Figures]]:
    names = dict(Client.objects.filter(pk__in={one.client_id for one in found}).values_list("pk", "name"))
    return [(names.get(one.client_id, ""), one) for one in found]


def _draw(months: Sequence[MonthFigures]) -> list[_MonthBars]:
    most = max((one.received for one in months), default=0) or 1
    bars = []
    for place, one in enumerate(months):
        received, in_time = (round(number / most * _HEIGHT) for number in (one.received, one.in_time))
        x = place * _STEP + 6
        bars.append(_MonthBars(one, x, x + _BAR + 2, _BASE - received, received, _BASE - in_time, in_time))
    return bars


def _build_file(request: HttpRequest, found: Sequence[Figures], kind: Format, reason: str) -> HttpResponseBase:
    rows = [
        (name, one.kind, one.received, one.answered, one.in_time, one.median_days) for name, one in _name_clients(found)
    ]
    actor, at = actor_of(request), get_action_time(request)
    client_id = actor.client_id or PAKTALEEM
    facts = {
        "list": "rights.figures",
        "format": str(kind),
        "reason": reason,
        "filters": {"period": _period_of(request)},
        "rows": len(rows),
    }
    with in_client(client_id):
        record_entry("list.exported", client_id=client_id, facts=facts, actor=actor, at=at)
    return send_table(f"rights-figures-{at:%Y%m%dT%H%M%SZ}", kind, _COLUMNS, rows)
