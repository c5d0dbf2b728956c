"""Console pages of rights requests: the queue, a page for each request, and the figures."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.act_labels import get_act_name
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from rights.requests.admin.acts import ACTS
from rights.requests.admin.panels import request_panels
from rights.requests.models import PARENT, RequestPart, RequestStep, RightKind, RightsRequest
from rights.requests.selectors import get_clock, get_figures, list_related
from rights.requests.services import list_parts
from rights.requests.states import State

__all__ = ["RightsRequestAdmin"]

_SOON = timedelta(days=7)
_FIGURES_FOR = timedelta(days=365)
_TONES = {State.CLOSED: "good", State.RESPONDED: "good", State.WITHDRAWN: "calm", State.DUPLICATE: "calm"}


def _state_pill(row: RightsRequest) -> SafeString:
    at = client_now()
    if row.is_open and row.answered_at is None and row.answer_by is not None:
        if row.answer_by <= at:
            return render_state(gettext("Overdue"), "bad")
        return render_state(row.get_state_display(), "warn" if row.answer_by - at < _SOON else "calm")
    return render_state(row.get_state_display(), _TONES.get(State(row.state), "calm"))


class RequestProgressFilter(ProgressFilter):
    """Filter for open, unanswered and overdue requests."""

    offered: ClassVar[Any] = {"open": _("Open, due soonest first"), "overdue": _("Overdue")}


@admin.register(RightsRequest, site=site)
class RightsRequestAdmin(SortByWaitingTime, EvidenceAdmin):
    """Console page of rights requests; the queue is sorted by due date, the texts are decrypted by a separate act."""

    section = "People"
    view_capability = Capability.VIEW_RIGHTS_REQUESTS
    list_display = ("number", "rights", "standing", "person", "received_at", "due_at", "assigned", "owner")
    list_filter = (RequestProgressFilter, "state", "channel", "client")
    newest_by = "received_at"
    longest_first: ClassVar[Any] = {"open": "due_at", "overdue": "answer_by"}
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
    standing = state_column(_state_pill)
    acts = ACTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select the related people, defer the encrypted columns, and annotate the rights and the assignee."""
        parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk")).order_by("kind")
        found = super().get_queryset(request).select_related("subject", "requester")
        annotated: QuerySet[Any] = found.defer("details", "contact", "answer").annotate(
            kinds=ArraySubquery(parts.values("kind").distinct()),
            assigned_to=_assignee_for(actor_of(request)),
        )
        return annotated

    def get_urls(self) -> list[URLPattern]:
        """Add the page of figures."""
        view = self.admin_site.admin_view(self.figures_view)
        return [path("figures/", view, name="rights_rightsrequest_figures"), *super().get_urls()]

    def panels(self, request: HttpRequest, row: RightsRequest) -> list[dict[str, Any]]:
        """Return the clock, the parts, the orders, the panels of apps above, related requests and the timeline."""
        return [
            *super().panels(request, row),
            _clock_panel(row),
            _parts_panel(row),
            orders_panel(row, PARENT),
            *(panel for add in request_panels if (panel := add(request, row)) is not None),
            _related_panel(row),
            _timeline_panel(row, actor_of(request)),
        ]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures of the last year by client and kind."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_figures(actor_of(request), since=get_action_time(request) - _FIGURES_FOR)
        names = dict(Client.objects.filter(pk__in={one.client_id for one in found}).values_list("pk", "name"))
        lines = [(names.get(one.client_id, ""), RightKind(one.kind).label, one) for one in found]
        title = gettext("Rights requests of the last year")
        return self.page(request, None, "console/rights_figures.html", title=title, lines=lines)

    @admin.display(description="rights")
    def rights(self, row: Any) -> str:
        """Return the rights in the request."""
        return ", ".join(str(RightKind(kind).label) for kind in row.kinds)

    @admin.display(description="person")
    def person(self, row: RightsRequest) -> SafeString | str:
        """Return a link to the person."""
        return _person_link(row.subject)

    @admin.display(description="guardian")
    def guardian(self, row: RightsRequest) -> SafeString | str:
        """Return a link to the guardian who made the request."""
        return _person_link(row.requester)

    @admin.display(description="assigned to")
    def assigned(self, row: Any) -> str:
        """Return the colleague who takes the request."""
        return row.assigned_to or "—"

    @admin.display(description="identity")
    def identity(self, row: RightsRequest) -> SafeString:
        """Return how the identity was verified."""
        if row.is_identity_verified:
            return render_state(row.get_identity_method_display(), "good")
        return render_state(gettext("Not verified"), "warn")


def _person_link(person: Subject | None) -> SafeString | str:
    if person is None:
        return "—"
    url = reverse("admin:subjects_subject_change", args=[person.pk], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, person)


def _assignee_for(viewer: Actor) -> Case | Subquery:
    """Return an expression for the assignee's email; clients see only that it is one of PakTaleem's staff.

    A subquery and no join, so that a list is counted in an index alone.
    """
    email = Subquery(User.objects.filter(pk=OuterRef("assignee_id")).values("email"))
    if viewer.client_id is None:
        return email
    own = Membership.objects.filter(client_id=viewer.client_id, user_id=OuterRef("assignee_id"))
    ours = When(Q(assignee__isnull=False) & ~Exists(own), then=Value("PakTaleem"))
    return Case(ours, default=email, output_field=CharField())


def _clock_panel(row: RightsRequest) -> dict[str, Any]:
    at = row.closed_at or row.answered_at or client_now()
    used = min(max((at - row.received_at) / (row.due_at - row.received_at), 0), 1)
    clock = get_clock(row)
    return {
        "template": "console/panels/rights_clock.html",
        "row": row,
        "percent": round(used * 100),
        "days_left": -((at - row.due_at) // timedelta(days=1)),
        "is_running": row.is_open and row.answered_at is None,
        "is_paused": clock.is_paused(at) and row.is_open,
        "is_overdue": clock.is_overdue(at),
    }


def _parts_panel(row: RightsRequest) -> dict[str, Any]:
    return {"template": "console/panels/rights_parts.html", "parts": list_parts(row)}


def _related_panel(row: RightsRequest) -> dict[str, Any]:
    related = list_related(row)
    lines = [
        (one, reverse("admin:rights_rightsrequest_change", args=[one.pk], current_app=site.name)) for one in related
    ]
    return {"template": "console/panels/rights_related.html", "lines": lines}


def _format_who(step: RequestStep, row: RightsRequest) -> str:
    """Return who took a step: by their part if it was the guardian who made the request."""
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
