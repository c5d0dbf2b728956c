"""Propose an erasure: on a person's page by an officer, and on the page of a request whose erasure was granted."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.person_pages import REQUESTS, SummaryLine, on_tab, person_acts, person_summaries
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.times import format_date
from rights.erasures.admin.forms import ProposeAgainForm, ProposeForm
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.services.proposals import propose_erasure
from rights.erasures.services.requests import find_target, is_certified, is_granted
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightsRequest

__all__: list[str] = []

_MOST = 10
_LEAD = (
    "Nothing is erased yet: a second person must approve, and then the cooling-off runs, in which the person and "
    "everyone entitled can cancel. It starts only if nothing has changed by then. Once it has started, it cannot be "
    "undone."
)


def erasure_url(row: ErasureProposal) -> str:
    """Return the URL of the console page of an erasure."""
    return reverse("admin:erasures_erasureproposal_change", args=[row.pk], current_app=site.name)


def _to_page(request: HttpRequest, row: ErasureProposal) -> HttpResponse:
    messages.warning(request, gettext("Proposed. Nothing is erased before a second person approves."))
    return HttpResponseRedirect(erasure_url(row))


def _propose(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    return _to_page(request, propose_erasure(row, seen=given["seen"], reason=given["reason"], **by))


def _propose_again(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    at = get_action_time(request)
    target = find_target(row, at)
    if row.subject is None or target is None:
        return None
    by: dict[str, Any] = {"actor": actor_of(request), "reason": Reason.SUBJECT_REQUEST, "at": at}
    return _to_page(request, propose_erasure(row.subject, target=target, request=row, seen=given["seen"], **by))


def _may_be_proposed_again(row: RightsRequest, at: datetime) -> bool:
    if not row.is_open or row.subject is None or not row.subject.is_recorded:
        return False
    with in_client(row.client_id):
        if ErasureProposal.objects.open().filter(client_id=row.client_id, subject=row.subject).exists():
            return False
        return is_granted(row) and find_target(row, at) is not None and not is_certified(row)


person_acts.connect(
    RowAction(
        "erase",
        "Propose erasure",
        Capability.ERASE_SUBJECTS,
        _propose,
        form=ProposeForm,
        lead=_LEAD,
        danger=True,
        applies=lambda row, _: row.is_recorded,
        template="console/propose_erasure.html",
    )
)
added_acts.connect(
    AddedAct(
        RightsRequest._meta.label_lower,
        RowAction(
            "propose-erasure",
            "Propose the erasure again",
            Capability.PROPOSE_ERASURES,
            _propose_again,
            form=ProposeAgainForm,
            lead=_LEAD,
            danger=True,
            applies=_may_be_proposed_again,
            template="console/propose_erasure.html",
        ),
        after="decide",
    )
)


def _panel(found: Any) -> dict[str, Any] | None:
    rows = take_latest(found.order_by("-requested_at"), _MOST).map(lambda row: (row, erasure_url(row)))
    return {"template": "console/panels/erasures.html", "rows": rows} if rows else None


@on_tab(REQUESTS)
def person_erasures(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the erasures proposed for a person; nothing for a person without one."""
    if not may(request, Capability.VIEW_ERASURES, row.client_id):
        return None
    return _panel(ErasureProposal.objects.filter(client_id=row.client_id, subject=row))


@person_summaries.connect
def summarize_erasures(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the stage of each erasure of a person that is not over, and when it starts; a partial one is named so."""
    if not may(request, Capability.VIEW_ERASURES, row.client_id):
        return []
    found = ErasureProposal.objects.open().filter(client_id=row.client_id, subject=row).order_by("requested_at", "pk")
    return [SummaryLine(gettext("Erasure"), _describe_stage(one), erasure_url(one)) for one in found]


def _describe_stage(row: ErasureProposal) -> SafeString:
    words = str(row.get_stage_display())
    if row.stage == Stage.COOLING_OFF and row.cooling_ends_at is not None:
        words = gettext("Approved; it starts on {day}").format(day=format_date(row.cooling_ends_at))
    if not row.is_whole:
        words = f"{words} · {row.get_extent_display()}"
    return render_state(words, "bad")


@request_panels.connect
def request_erasures(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Show the erasures that carry out a request; nothing for a request without one."""
    if not may(request, Capability.VIEW_ERASURES, row.client_id):
        return None
    return _panel(ErasureProposal.objects.filter(client_id=row.client_id, request=row))
