"""Security assessments in the console: record, add and open reports, record findings, plan the next one."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.files.kinds import CONTENT_TYPES, FileKind
from paktaleem.directory.security_assessments.admin.forms import FindingForm, OpenReportForm, PlanForm, ReportForm
from paktaleem.directory.security_assessments.models import AssessmentReport, SecurityAssessment
from paktaleem.directory.security_assessments.selectors import list_findings, list_reports
from paktaleem.directory.security_assessments.services.assessments import (
    add_report,
    open_report,
    plan_next_assessment,
    record_assessment,
)
from paktaleem.directory.security_assessments.services.findings import record_finding
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site

_MANAGE = Capability.MANAGE_SECURITY_ASSESSMENTS


class NextProgressFilter(ProgressFilter):
    """Filter for kinds whose next assessment is due, or soon."""

    title = "next assessment"
    offered: ClassVar[Any] = {"overdue": _("Due"), "due_soon": _("Due within two weeks")}


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _add_report(row: SecurityAssessment, given: dict[str, Any], request: HttpRequest) -> None:
    add_report(row, given["file"], **_by(request))


def _open_report(row: SecurityAssessment, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    report: AssessmentReport = given["report"]
    content = b"".join(open_report(report, reason=given["reason"], **_by(request)))
    kind = FileKind(report.file_kind)
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{row.kind}-{row.ends_on:%Y%m%d}.{kind}"'
    return response


def _add_finding(row: SecurityAssessment, given: dict[str, Any], request: HttpRequest) -> None:
    record_finding(row, **given, **_by(request))


def _plan(row: SecurityAssessment, given: dict[str, Any], request: HttpRequest) -> None:
    plan_next_assessment(row, next_on=given["next_on"], reason=given["reason"], **_by(request))


def _has_report(row: SecurityAssessment, _at: datetime) -> bool:
    return list_reports(row).exists()


@admin.register(SecurityAssessment, site=site)
class SecurityAssessmentAdmin(SortByWaitingTime, ScopedAdmin):
    """Console page of security assessments, newest first."""

    view_capability = Capability.VIEW_SECURITY_ASSESSMENTS
    add_capability = _MANAGE
    officers_only = True
    owner_column = None
    asks_reason = False
    sortable_by = ()
    list_display = ("kind", "done_by", "starts_on", "ends_on", "next_on", "followed_on")
    list_filter = ("kind", NextProgressFilter)
    newest_by = "recorded_at"
    longest_first: ClassVar[Any] = {"overdue": "next_on", "due_soon": "next_on"}
    codes: ClassVar[Any] = {"systems": System}
    row_fields = ("kind", "scope", "systems", "done_by", "starts_on", "ends_on", "next_on")
    fixed = row_fields
    detail_fields = ("followed_on", "recorded_at")
    intro = (
        "Penetration tests, scans, reviews and audits of PakTaleem’s systems. Record each one with its report and its "
        "findings. The first page says when the next one of each kind is due. No client sees them."
    )
    empty_text = "No security assessment is recorded."
    acts = (
        RowAction(
            "record-finding",
            "Record a finding",
            _MANAGE,
            _add_finding,
            form=FindingForm,
            lead="The day by which it is mended follows from its severity.",
            done="The finding is recorded.",
        ),
        RowAction(
            "add-report",
            "Add a report",
            _MANAGE,
            _add_report,
            form=ReportForm,
            lead="The file is encrypted under a key of its own. Each opening is recorded with its reason.",
            done="The report is added.",
        ),
        RowAction(
            "open-report",
            "Open a report",
            Capability.VIEW_SECURITY_ASSESSMENTS,
            _open_report,
            form=OpenReportForm,
            lead="It is recorded that you opened it, and why.",
            applies=_has_report,
        ),
        RowAction(
            "plan-next",
            "Change when the next one is due",
            _MANAGE,
            _plan,
            form=PlanForm,
            lead="The first page and the reminders use the new day. It is recorded who changed it, and why.",
            done="The day is changed.",
            applies=lambda row, _at: row.followed_on is None,
        ),
    )

    def write(self, row: Any, **details: Any) -> None:
        """Record the assessment."""
        record_assessment(row, actor=details["actor"], at=details["at"])

    def panels(self, request: HttpRequest, row: SecurityAssessment) -> list[dict[str, Any]]:  # noqa: ARG002
        """Show the findings and the reports."""
        findings, reports = list(list_findings(row)), list(list_reports(row))
        return [{"template": "console/panels/security_assessment.html", "findings": findings, "reports": reports}]
