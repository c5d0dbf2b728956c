"""Console pages of rights requests: the queue, a page for each request, and the figures."""

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.data_systems.admin.systems import panel_of_orders
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.people.merges.admin import render_same_person
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.act_labels import get_act_name
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import PROGRESS, SortByWaitingTime
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
from paktaleem.foundation.text.word_lists import join_words
from rights.requests.admin.acts import ACTS
from rights.requests.admin.forms import IntakeForm, request_panels
from rights.requests.admin.queue import (
    AssigneeFilter,
    KindFilter,
    RequestProgressFilter,
    assignee_for,
    render_due,
    render_standing,
    show_figures,
)
from rights.requests.carried_out import orders_of
from rights.requests.models import PARENT, Channel, RequestPart, RequestStep, RightKind, RightsRequest
from rights.requests.selectors import get_clock, list_related
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts


def clock_panel(row: RightsRequest) -> dict[str, Any]:
    """Return the values of the panel."""
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
class RightsRequestAdmin(SortByWaitingTime, ExportableAdmin, EvidenceAdmin):
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
    newest_by = "received_at"
    longest_first: ClassVar[Any] = {"open": "due_at"} | dict.fromkeys(
        ("due_soon", "overdue", "to_call_back"), "answer_by"
    )
    default_progress = RequestProgressFilter.default
    detail_fields = (
        "number",
        "rights",
        "standing",
        "person",
        "guardian",
        "channel",
        "identity",
        "received_at",
        "due_at",
        "expected_by",
        "answered_at",
        "closed_at",
        "assigned",
    )
    intro = "Requests by which people exercise their rights. Each is due thirty days after its receipt."
    empty_text = "No request has been received."
    change_list_template = "console/rights_requests.html"
    standing = state_column(render_standing)
    acts = ACTS
    main_acts = ("read", "match", "verify", "decide", "copy-hand-over", "answer", "close", "note", "letter")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk")).order_by("kind")
        found = super().get_queryset(request).select_related("subject", "requester")
        annotated: QuerySet[Any] = found.defer("details", "contact", "answer").annotate(
            kinds=ArraySubquery(parts.values("kind").distinct()), assigned_to=assignee_for(actor_of(request))
        )
        return annotated

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(show_figures, self))
        return [path("figures/", view, name="requests_rightsrequest_figures"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "show_all": f"{PROGRESS}=all",
            "may_take_in": may(request, Capability.RECEIVE_RIGHTS_REQUESTS),
            "may_see_figures": may(request, Capability.VIEW_REQUEST_FIGURES),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def panels(self, request: HttpRequest, row: RightsRequest) -> list[dict[str, Any]]:
        return [
            *super().panels(request, row),
            clock_panel(row),
            {"template": "console/panels/rights_parts.html", "parts": list_parts(row)},
            panel_of_orders(orders_of(row)),
            *(panel for add in request_panels if (panel := add(request, row)) is not None),
            {"template": "console/panels/rights_related.html", "lines": list_related(row).map(_with_url)},
            _timeline_panel(row, actor_of(request)),
        ]

    @admin.display(description="rights")
    def rights(self, row: Any) -> str:
        return join_words(RightKind(kind).label for kind in row.kinds)

    @admin.display(description="due")
    def due_in(self, row: RightsRequest) -> str:
        return render_due(row)

    @admin.display(description="person")
    def person(self, row: RightsRequest) -> SafeString | str:
        return _person_link(row.subject)

    @admin.display(description="guardian")
    def guardian(self, row: RightsRequest) -> SafeString | str:
        return _person_link(row.requester)

    @admin.display(description="assigned to")
    def assigned(self, row: Any) -> str:
        return row.assigned_to or "—"

    @admin.display(description="identity")
    def identity(self, row: RightsRequest) -> SafeString:
        if row.is_identity_verified:
            return render_state(row.get_identity_method_display(), "good")
        return render_state(gettext("Not verified"), "warn")


def _person_link(person: Subject | None) -> SafeString | str:
    if person is None:
        return "—"
    url = reverse("admin:people_subject_change", args=[person.pk], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, person)


def _with_url(row: RightsRequest) -> tuple[RightsRequest, str]:
    return row, reverse("admin:requests_rightsrequest_change", args=[row.pk], current_app=site.name)


def _format_who(step: RequestStep, row: RightsRequest) -> str:
    is_guardian = step.actor_kind == ByKind.SUBJECT and step.actor_id == row.requester_id
    return gettext("A guardian") if is_guardian else format_actor(step)


def _timeline_panel(row: RightsRequest, viewer: Actor) -> dict[str, Any]:
    steps = RequestStep.objects.filter(client_id=row.client_id, request=row)
    labels = dict(RightsRequest._meta.get_field("state").flatchoices)
    lines = [
        {
            "at": one.at,
            "what": get_act_name("rights_request." + one.kind),
            "state": labels.get(one.state, ""),
            "who": _format_who(one, row),
        }
        for one in annotate_actor(steps, viewer)
    ]
    return {"template": "console/panels/rights_timeline.html", "lines": lines}


searches.connect(RowSearch(RightsRequest, ("number",), upper=True))
order_cases.connect(OrderCase(PARENT, RightsRequest))


_MOST = 50


def _record(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    made = receive_request(
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
    url = reverse("admin:requests_rightsrequest_change", args=[made.pk], current_app=site.name)
    return HttpResponseRedirect(url)


person_acts.connect(
    RowAction(
        "rights-request",
        "Record a rights request",
        Capability.RECEIVE_RIGHTS_REQUESTS,
        _record,
        form=IntakeForm,
        lead="A request that the person makes by telephone, in person or in writing. It proves nothing about who they "
        "are: call back a number that was on file before, then verify the identity on the request’s page.",
        applies=lambda row, _: row.erased_at is None,
    )
)


@on_tab(REQUESTS)
def person_requests_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the requests about any record of a person, newest first: the latest fifty."""
    if not may(request, Capability.VIEW_RIGHTS_REQUESTS, row.client_id):
        return None
    own = RightsRequest.objects.filter(client_id=row.client_id, subject__in=[row, *list_same_person(row)])
    found = take_latest(own.order_by("-received_at", "-id"), _MOST)
    all_url = f"{list_url_of_person(RightsRequest, row.pk)}&{PROGRESS}=all"
    panel = {"template": "console/panels/rights_related.html", "title": gettext("Requests of this person")}
    return {**panel, "lines": found.map(_with_url), "all_url": all_url} if found else None


@person_summaries.connect
def summarize_requests(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return how many requests about any record of a person are open; nothing if there are none."""
    if not may(request, Capability.VIEW_RIGHTS_REQUESTS, row.client_id):
        return []
    people = [row, *list_same_person(row)]
    number = RightsRequest.objects.filter(client_id=row.client_id, subject__in=people, closed_at=None).count()
    return [SummaryLine(gettext("Open requests"), str(number), "?tab=requests")] if number else []


@request_panels.connect
def same_person_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Show the other records of the person, which the request covers too; nothing if there are none."""
    del request
    others = render_same_person(row.subject) if row.subject is not None else ""
    return {"template": "console/panels/same_person.html", "others": others} if others else None
