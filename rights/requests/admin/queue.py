"""The queue of rights requests: filters and columns of the list."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.filters import ChosenFilter, ProgressFilter
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.tenancy.indexes import Constant
from rights.requests.hooks import calls_to_make
from rights.requests.models import SOON, TO_CALL, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import get_figures
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
    offered: ClassVar[Any] = {"to_call_back": _("To be called back")}

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
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def show_figures(owner: Any, request: HttpRequest) -> HttpResponse:
    """Show the figures of the chosen period by client and right."""
    if not may(request, Capability.VIEW_REQUEST_FIGURES):
        raise PermissionDenied
    wanted = request.GET.get("period", "")
    period = wanted if wanted in _PERIODS else _DEFAULT
    span, _label = _PERIODS[period]
    figures = get_figures(actor_of(request), since=get_action_time(request) - span if span else _EVER)
    names = dict(Client.objects.filter(pk__in={one.client_id for one in figures}).values_list("pk", "name"))
    page: HttpResponse = owner.page(
        request,
        None,
        "console/rights_figures.html",
        title=gettext("Figures of rights requests"),
        lines=[(names.get(one.client_id, ""), RightKind(one.kind).label, one) for one in figures],
        periods=[(code, label, code == period) for code, (_span, label) in _PERIODS.items()],
    )
    return page
