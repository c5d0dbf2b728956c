"""The act on a person's page by which staff record a request made by telephone, in person or in writing."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.merges.admin import render_same_person
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import PROGRESS
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
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from rights.requests.admin.forms import IntakeForm
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import Channel, RightsRequest
from rights.requests.services.intake import receive_request

__all__: list[str] = []

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
    url = reverse("admin:rights_rightsrequest_change", args=[made.pk], current_app=site.name)
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
    name = "admin:rights_rightsrequest_change"
    lines = found.map(lambda one: (one, reverse(name, args=[one.pk], current_app=site.name)))
    panel = {"template": "console/panels/rights_related.html", "title": gettext("Requests of this person")}
    return (
        {**panel, "lines": lines, "all_url": f"{list_url_of_person(RightsRequest, row.pk)}&{PROGRESS}=all"}
        if lines
        else None
    )


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
