"""Console pages of security assessments."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.files.kinds import CONTENT_TYPES, FileKind
from paktaleem.directory.security.security_assessments.models import (
    AssessmentReport,
    Finding,
    FindingSeverity,
    RiskAcceptance,
    SecurityAssessment,
    get_staff_day,
)
from paktaleem.directory.security.security_assessments.selectors import list_acceptances, list_findings, list_reports
from paktaleem.directory.security.security_assessments.services import (
    add_report,
    change_finding,
    decide_acceptance,
    open_report,
    plan_next_assessment,
    record_assessment,
    record_finding,
    record_remediation,
    reopen_finding,
    request_acceptance,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import PROGRESS, ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Line, Severity, Task
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.widgets import DayInput

_LONGEST = 4000


def _severity_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Severity"), choices=FindingSeverity.choices, widget=forms.RadioSelect)


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput, **options)


class ReportForm(ActionForm):
    """A report of the assessment."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG or PNG. It is encrypted; the name of the file is not stored.")
    )


class OpenReportForm(RowActionForm):
    """The report to be opened, and the reason."""

    report = forms.ChoiceField(label=_("Report"), widget=forms.RadioSelect)
    field_order = ("report", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the reports of the assessment."""
        super().__init__(*args, **kwargs)
        self.offered = {str(one.pk): one for one in list_reports(self.row)}
        set_choices(self, "report", [(key, str(one)) for key, one in self.offered.items()])

    def clean_report(self) -> AssessmentReport:
        """Return the report."""
        return self.offered[self.cleaned_data["report"]]


class PlanForm(RowActionForm):
    """The day of the next assessment."""

    next_on = _day_field(_("Next due"))
    field_order = ("next_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the day that is planned."""
        super().__init__(*args, **kwargs)
        self.initial["next_on"] = self.row.next_on


class FindingForm(ActionForm):
    """A new finding."""

    title = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(
        label=_("Description"),
        max_length=_LONGEST,
        widget=AdminTextareaWidget,
        help_text=_("What is weak, where, and what could happen. Do not name people."),
    )
    severity = _severity_field()
    team = forms.CharField(label=_("Team that mends it"), max_length=200, help_text=_("Do not name people."))
    found_on = _day_field(_("Found on"), help_text=_("The days to mend it count from this day."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest the last day of the assessment."""
        super().__init__(*args, **kwargs)
        self.initial["found_on"] = self.row.ends_on


class ChangeFindingForm(RowActionForm):
    """Severity and team of a finding."""

    severity = _severity_field()
    team = forms.CharField(label=_("Team that mends it"), max_length=200, help_text=_("Do not name people."))
    field_order = ("severity", "team", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show what is recorded."""
        super().__init__(*args, **kwargs)
        self.initial["severity"], self.initial["team"] = self.row.severity, self.row.team


class RemediationForm(RowActionForm):
    """How a finding was mended, and when."""

    remediation = forms.CharField(
        label=_("How it was mended"),
        max_length=_LONGEST,
        widget=AdminTextareaWidget,
        help_text=_("What was changed, and how it was checked. Do not name people."),
    )
    mended_on = _day_field(_("Mended on"))
    field_order = ("remediation", "mended_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest today."""
        super().__init__(*args, **kwargs)
        self.initial["mended_on"] = get_staff_day(wall_clock_now())


class AcceptForm(ActionForm):
    """The ground for accepting a risk, and until when."""

    ground = forms.CharField(
        label=_("Ground"),
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("Why is the risk acceptable until then, and what limits it? Do not name people."),
    )
    until = _day_field(_("Until"), help_text=_("At most a year from now. On this day the finding is due again."))


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


class NextProgressFilter(ProgressFilter):
    """Filter for kinds whose next assessment is due, or soon."""

    title = "next assessment"
    offered: ClassVar[Any] = {"overdue": _("Due"), "due_soon": _("Due within two weeks")}


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


@admin.register(RiskAcceptance, site=site)
class RiskAcceptanceAdmin(EvidenceAdmin):
    """Console page of requests to accept the risk of a finding."""

    view_capability = Capability.VIEW_SECURITY_ASSESSMENTS
    ledger_families = ("security_assessment",)
    officers_only = True
    owner_column = None
    list_display = ("requested_at", "finding", "until", "standing")
    list_filter = ("state",)
    newest_by = "requested_at"
    detail_fields = ("finding", "ground", "until", "standing", "requested_at", "settled_at")
    intro = (
        "Findings whose risk one officer wants to accept until a day. The day by which a finding is mended moves once "
        "a second officer agrees; on the day on which the acceptance ends it is due again."
    )
    empty_text = "No acceptance has been requested."
    standing = change_state_column
    acts = approval_actions(
        decide_acceptance,
        approve="Accept the risk",
        decline="Decline",
        lead="Read the finding first. It is due again on the day on which the acceptance ends.",
        capability=Capability.MANAGE_SECURITY_ASSESSMENTS,
        danger=True,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related finding."""
        return super().get_queryset(request).select_related("finding")


@boards.connect
def assessment_board(actor: Actor, at: datetime) -> list[Line]:
    """Return findings and assessments that are due or will be within two weeks, and risks to accept."""
    if not actor.may(Capability.MANAGE_SECURITY_ASSESSMENTS):
        return []
    findings, assessments = Finding.objects, SecurityAssessment.objects
    title, mend = (
        gettext("Findings of security assessments"),
        gettext("mend them, or have the risk accepted by a second officer"),
    )
    following, plan = gettext("Security assessments"), gettext("the next one of this kind")
    kind, late, soon = "securityassessment", f"?{PROGRESS}=overdue", f"?{PROGRESS}=due_soon"
    waiting = RiskAcceptance.objects.filter(state=ChangeState.WAITING)
    to_accept, second = (
        _url("riskacceptance", "?state__exact=waiting"),
        gettext("a second officer must approve or decline"),
    )
    return [
        Task(title, findings.overdue(at), mend, _url("finding", late), Severity.OVERDUE, due="due_on"),
        Task(title, findings.due_soon(at), mend, _url("finding", soon), Severity.URGENT, due="due_on"),
        Task(following, assessments.overdue(at), plan, _url(kind, late), Severity.OVERDUE, due="next_on"),
        Task(following, assessments.due_soon(at), plan, _url(kind, soon), Severity.TO_DO, due="next_on"),
        Task(gettext("Risks to accept"), waiting, second, to_accept, since="requested_at"),
    ]


def _url(model: str, query: str) -> str:
    return reverse(f"admin:security_assessments_{model}_changelist", current_app=site.name) + query
