"""Console pages of rights requests: the queue, a page for each request, and the figures."""

from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from paktaleem.directory.data_systems.admin import panel_of_orders
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.merges.admin import render_same_person
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.names import get_act_name
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import PROGRESS, ChosenFilter, ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import (
    REQUESTS,
    SummaryLine,
    list_url_of_person,
    on_tab,
    person_acts,
    person_summaries,
)
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.models import Constant
from paktaleem.foundation.text.times import join_words
from rights.requests.admin.acts import ACTS, IntakeForm, request_panels, request_url
from rights.requests.hooks import calls_to_make
from rights.requests.models import PARENT, SOON, TO_CALL, Channel, RequestPart, RequestStep, RightKind, RightsRequest
from rights.requests.selectors import get_clock, get_figures, list_related
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts, orders_of
from rights.requests.states import State


def select_calls(rows: QuerySet[Model]) -> QuerySet[Model]:
    """Return the unanswered requests with a call to make, verified by nothing or by a code only."""
    called = [Exists(list_calls().filter(request=OuterRef("pk"))) for list_calls in calls_to_make]
    waiting = rows.filter(closed_at=None, answered_at=None, identity_method__in=[Constant(one) for one in TO_CALL])
    return waiting.filter(reduce(or_, called, Q(pk__in=[])))


class RequestProgressFilter(ProgressFilter):
    default = "open"
    offered = {"to_call_back": _("To be called back")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return select_calls(queryset) if self.value() == "to_call_back" else super().queryset(request, queryset)


class KindFilter(ChosenFilter):
    title = "right"
    parameter_name = "right"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(value, str(label)) for value, label in RightKind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002
        parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk"), kind=self.value())
        return queryset.filter(Exists(parts)) if self.value() else queryset


class AssigneeFilter(admin.SimpleListFilter):
    title = "assignee"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("me", gettext("Assigned to me")), ("none", gettext("Assigned to no one"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() == "me":
            return queryset.filter(assignee_id=actor_of(request).id)
        return queryset.filter(assignee=None) if self.value() == "none" else queryset


def render_standing(row: RightsRequest) -> SafeString:
    at = get_time_of(row.client_id)
    if row.is_undelivered and row.answer_by is not None:
        if row.answer_by <= at:
            return render_state(gettext("Overdue"), "bad")
        return render_state(row.get_state_display(), "warn" if row.answer_by - at < SOON else "calm")
    return render_state(row.get_state_display(), "good" if row.state in {State.CLOSED, State.RESPONDED} else "calm")


def assignee_for(viewer: Actor) -> Case | Subquery:
    """Return the assignee's email, without a join; clients see only that it is one of PakTaleem's staff."""
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
    if not may(request, Capability.VIEW_RECORDS):
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


def clock_panel(row: RightsRequest) -> dict[str, object]:
    at = row.closed_at or row.delivered_at or get_time_of(row.client_id)
    clock = get_clock(row)
    return {
        "template": "console/panels/rights_clock.html",
        "row": row,
        "days_left": -((at - row.due_at) // timedelta(days=1)),
        "is_running": row.is_undelivered,
        "is_paused": clock.is_paused(at) and row.is_open,
        "is_overdue": clock.is_overdue(at),
    }


@admin.register(RightsRequest, site=site)
class RightsRequestAdmin(SortByWaitingTime, ExportableAdmin[RightsRequest], EvidenceAdmin[RightsRequest]):
    """Console page of rights requests; the queue is sorted by due date, the texts are decrypted by a separate act."""

    view_capability = Capability.VIEW_RIGHTS_REQUESTS
    ledger_families = ("rights_request",)
    list_display = ("number", "rights", "person", "standing", "due_in", "assigned", "owner")
    list_filter = (RequestProgressFilter, KindFilter, AssigneeFilter, "state", "channel", "client")
    exported = (
        "number rights=kinds person=subject__external_id guardian=requester__external_id channel state "
        "identity_verified_at received_at due_at expected_by notice_at answered_at closed_at "
        "duplicate_of=duplicate_of__number"
    )
    longest_first = {"open": "due_at"} | dict.fromkeys(("due_soon", "overdue", "to_call_back"), "answer_by")
    default_progress = RequestProgressFilter.default
    moments = ("received_at", "due_at", "expected_by", "answered_at", "closed_at")
    detail_fields = (*list_display[:4], "guardian", "channel", "identity", *moments, "assigned")
    intro = (
        "Requests by which people exercise their rights. Each is due thirty days after its receipt, or earlier by the "
        "law."
    )
    empty_text = "No request has been received."
    change_list_template = "console/rights_requests.html"
    standing = state_column(render_standing)
    rights = text_column(lambda row: join_words(RightKind(kind).label for kind in row.kinds), "rights")
    person = text_column(lambda row: _person_link(row.subject), "person")
    guardian = text_column(lambda row: _person_link(row.requester), "guardian")
    assigned = text_column(lambda row: row.assigned_to or "—", "assigned to")
    acts = ACTS
    main_acts = ("read", "match", "verify", "call-back", "decide", "copy-hand-over", "answer", "close", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RightsRequest]:
        parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk")).order_by("kind")
        found = super().get_queryset(request).select_related("subject", "requester")
        return found.defer("details", "contact", "answer").annotate(
            kinds=ArraySubquery(parts.values("kind").distinct()), assigned_to=assignee_for(actor_of(request))
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(show_figures, self))
        return [path("figures/", view, name="requests_rightsrequest_figures"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        context = {
            "show_all": f"{PROGRESS}=all",
            "may_take_in": may(request, Capability.RECEIVE_RIGHTS_REQUESTS),
            "may_see_figures": may(request, Capability.VIEW_RECORDS),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def panels(self, request: HttpRequest, row: RightsRequest) -> list[dict[str, object]]:
        return [
            *super().panels(request, row),
            clock_panel(row),
            {"template": "console/panels/rights_parts.html", "parts": list_parts(row)},
            panel_of_orders(orders_of(row)),
            *(panel for add in request_panels if (panel := add(request, row)) is not None),
            {"template": "console/panels/rights_related.html", "lines": list_related(row).map(_with_url)},
            _timeline_panel(row, actor_of(request)),
        ]

    @admin.display(description="due")
    def due_in(self, row: RightsRequest) -> str:
        """Return in how many days the answer is due, or for how many days it is late; a dash once there is one."""
        if not row.is_undelivered or row.answer_by is None:
            return "—"
        left = -((get_time_of(row.client_id) - row.answer_by) // timedelta(days=1))
        if left > 0:
            return ngettext("in {days} day", "in {days} days", left).format(days=left)
        late = max(-left, 1)
        return ngettext("{days} day late", "{days} days late", late).format(days=late)

    @admin.display(description="identity")
    def identity(self, row: RightsRequest) -> SafeString:
        if row.is_identity_verified:
            return render_state(row.get_identity_method_display(), "good")
        return render_state(gettext("Not verified"), "warn")


def _person_link(person: Subject | None) -> SafeString | str:
    return "—" if person is None else format_html('<a href="{}">{}</a>', person_url(person.pk), person)


def _with_url(row: RightsRequest) -> tuple[RightsRequest, str]:
    return row, request_url(row.pk)


def _timeline_panel(row: RightsRequest, viewer: Actor) -> dict[str, object]:
    steps = RequestStep.objects.filter(client_id=row.client_id, request=row)
    labels, guardian = dict(State.choices), (ByKind.SUBJECT, row.requester_id)
    lines = [
        {
            "at": one.at,
            "what": get_act_name("rights_request." + one.kind),
            "state": labels.get(one.state, ""),
            "who": gettext("A guardian") if (one.actor_kind, one.actor_id) == guardian else format_actor(one),
        }
        for one in annotate_actor(steps, viewer)
    ]
    return {"template": "console/panels/rights_timeline.html", "lines": lines}


searches.connect(RowSearch(RightsRequest, ("number",), upper=True))
order_cases.connect(OrderCase(PARENT, RightsRequest))


_MOST = 50


def _record(row: Subject, given: FormData, request: HttpRequest) -> RightsRequest:
    actor = actor_of(request)
    return receive_request(
        row.client,
        kinds=given["kinds"],
        channel=Channel.TELEPHONE if actor.client_id is None else Channel.CLIENT,
        subject=row,
        details=given["details"],
        language=row.language,
        received_at=given["received_on"],
        actor=actor,
        at=get_action_time(request),
    )


person_acts.connect(
    RowAction(
        "rights-request",
        "Record a rights request",
        Capability.RECEIVE_RIGHTS_REQUESTS,
        _record,
        form=IntakeForm,
        lead="A request that the person makes by telephone, in person or in writing. It proves nothing about who they "
        "are: on the request’s page, call back a number that was on file before.",
        applies=lambda row, _: row.erased_at is None,
    )
)


@on_tab(REQUESTS)
def person_requests_panel(_request: HttpRequest, row: Subject) -> dict[str, object] | None:
    own = RightsRequest.objects.filter(client_id=row.client_id, subject__in=[row, *list_same_person(row)])
    found = take_latest(own.order_by("-received_at", "-id"), _MOST)
    all_url = f"{list_url_of_person(RightsRequest, row.pk)}&{PROGRESS}=all"
    panel = {"template": "console/panels/rights_related.html", "title": gettext("Requests of this person")}
    return {**panel, "lines": found.map(_with_url), "all_url": all_url} if found else None


@person_summaries.connect
def summarize_requests(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    if not may(request, Capability.VIEW_RIGHTS_REQUESTS, row.client_id):
        return []
    people = [row, *list_same_person(row)]
    number = RightsRequest.objects.filter(client_id=row.client_id, subject__in=people, closed_at=None).count()
    return [SummaryLine(gettext("Open requests"), str(number), "?tab=requests")] if number else []


@request_panels.connect
def same_person_panel(_request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    others = render_same_person(row.subject) if row.subject is not None else ""
    return {"template": "console/panels/same_person.html", "others": others} if others else None
