"""Findings of security assessments in the console: change, mend, reopen, request that the risk is accepted."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.security_assessments.admin.forms import AcceptForm, ChangeFindingForm, RemediationForm
from paktaleem.directory.security_assessments.models import Finding, get_staff_day
from paktaleem.directory.security_assessments.selectors import list_acceptances
from paktaleem.directory.security_assessments.services.acceptances import request_acceptance
from paktaleem.directory.security_assessments.services.findings import (
    change_finding,
    record_remediation,
    reopen_finding,
)
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site

_MANAGE = Capability.MANAGE_SECURITY_ASSESSMENTS


class FindingProgressFilter(ProgressFilter):
    """Filter for open findings, those that are due, and those whose risk is accepted."""

    offered: ClassVar[Any] = {
        "open": _("Open"),
        "overdue": _("Overdue"),
        "due_soon": _("Due within two weeks"),
        "accepted": _("Risk accepted"),
    }


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _change(row: Finding, given: dict[str, Any], request: HttpRequest) -> None:
    change_finding(row, **given, **_by(request))


def _mend(row: Finding, given: dict[str, Any], request: HttpRequest) -> None:
    record_remediation(row, **given, **_by(request))


def _reopen(row: Finding, given: dict[str, Any], request: HttpRequest) -> None:
    reopen_finding(row, reason=given["reason"], **_by(request))


def _accept(row: Finding, given: dict[str, Any], request: HttpRequest) -> None:
    request_acceptance(row, ground=given["ground"], until=given["until"], **_by(request))


def _state(row: Finding) -> SafeString:
    today = get_staff_day(wall_clock_now())
    if not row.is_open:
        return render_state(gettext("Mended"), "good")
    if row.due_on < today:
        return render_state(gettext("Overdue"), "bad")
    if row.accepted_until is not None:
        return render_state(gettext("Risk accepted"), "calm")
    return render_state(gettext("Open"), "warn")


@admin.register(Finding, site=site)
class FindingAdmin(SortByWaitingTime, EvidenceAdmin):
    """Console page of findings, newest first."""

    view_capability = Capability.VIEW_SECURITY_ASSESSMENTS
    officers_only = True
    owner_column = None
    list_display = ("title", "severity", "state", "due_on", "team", "assessment")
    list_filter = ("severity", FindingProgressFilter)
    newest_by = "recorded_at"
    longest_first: ClassVar[Any] = {"open": "due_on", "overdue": "due_on", "due_soon": "due_on", "accepted": "due_on"}
    detail_fields = (
        "state",
        "title",
        "description",
        "severity",
        "team",
        "assessment",
        "found_on",
        "due_on",
        "accepted_until",
        "mended_on",
        "remediation",
    )
    intro = (
        "Weaknesses that security assessments found, each with the day by which it is mended: 7 days if critical, 30 "
        "if high, 90 if medium, 180 if low. More time needs a second officer, who accepts the risk until a day. Record "
        "a finding on the page of its assessment."
    )
    empty_text = "No finding is recorded."
    state = state_column(_state)
    acts = (
        RowAction(
            "mend",
            "Record how it was mended",
            _MANAGE,
            _mend,
            form=RemediationForm,
            lead="The finding is closed. A request to accept its risk that still waits ends.",
            done="The finding is mended.",
            applies=lambda row, _at: row.is_open,
        ),
        RowAction(
            "accept-risk",
            "Request that the risk is accepted",
            _MANAGE,
            _accept,
            form=AcceptForm,
            lead="The day by which it is mended moves once a second officer agrees, under Acceptances of risks.",
            done="Requested. A second officer must agree.",
            applies=lambda row, _at: row.is_open,
        ),
        RowAction(
            "change-finding",
            "Change severity or team",
            _MANAGE,
            _change,
            form=ChangeFindingForm,
            lead="A higher severity moves the day earlier and ends an accepted risk. A lower one does not move it: "
            "more time needs a second officer.",
            done="The finding is changed.",
            applies=lambda row, _at: row.is_open,
        ),
        RowAction(
            "reopen",
            "Reopen",
            _MANAGE,
            _reopen,
            lead="The finding turned out not to be mended. Its day stays; what was recorded stays in its history.",
            done="The finding is open again.",
            applies=lambda row, _at: not row.is_open,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related assessment."""
        return super().get_queryset(request).select_related("assessment")

    def panels(self, request: HttpRequest, row: Finding) -> list[dict[str, Any]]:  # noqa: ARG002
        """Show the requests to accept its risk."""
        return [{"template": "console/panels/risk_acceptances.html", "acceptances": list(list_acceptances(row))}]
