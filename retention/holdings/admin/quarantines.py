"""Quarantines in the console: who is quarantined, and their release."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from children.guardians.models.cases import Quarantine, QuarantineCause
from consent.register.admin.safeguards import SafeguardGroundForm, to_waiting
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from retention.holdings.services.incidents import has_open_incident
from retention.holdings.services.releasing import request_release


def _may_be_released(row: Quarantine, _at: Any) -> bool:
    """Return True if the quarantine rests on a report and no incident is open; an incident ends its own quarantine."""
    return row.ends_at is None and row.cause == QuarantineCause.REPORT and not has_open_incident(row.subject)


def request_end(row: Any, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    """Request that a quarantine or an incident ends, and show the request."""
    by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    return to_waiting(request, request_release(row, ground=given["ground"], **by))


@admin.register(Quarantine, site=site)
class QuarantineAdmin(ExportableAdmin, EvidenceAdmin):
    """Console page of quarantines."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("starts_at", "subject", "cause", "state", "owner")
    list_filter = ("client",)
    exported = {
        "person": "subject__external_id",
        "cause": "cause",
        "starts_at": "starts_at",
        "ends_at": "ends_at",
    }
    newest_by = "starts_at"
    detail_fields = ("subject", "cause", "state", "starts_at", "ends_at")
    intro = (
        "The data of these people may only be deleted. A quarantine for an incident ends automatically when every "
        "system has answered."
    )
    empty_text = "No data is in quarantine."
    state = state_column(period_pill)
    acts = (
        RowAction(
            "release",
            "End the quarantine",
            Capability.QUARANTINE_SUBJECTS,
            request_end,
            form=SafeguardGroundForm,
            lead="Only if the report was unfounded. While an incident is open the data stays in quarantine until every "
            "system has answered. Nothing changes until a second officer approves it.",
            danger=True,
            step_up=True,
            applies=_may_be_released,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person."""
        return super().get_queryset(request).select_related("subject")
