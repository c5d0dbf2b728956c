"""Console page of security assessments."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from paktaleem.directory.security.security_assessments.models import SecurityAssessment
from paktaleem.directory.security.security_assessments.services import open_report, record_assessment
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import text_column
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import FormData, ScopedForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, send_file
from paktaleem.foundation.console.site import site


class AssessmentForm(ScopedForm):
    report = forms.FileField(
        label=_("Report"), help_text=_("PDF, JPEG or PNG. It is encrypted; the name of the file is not stored.")
    )


def _open_report(row: SecurityAssessment, given: FormData, request: HttpRequest) -> HttpResponse:
    actor, at = actor_of(request), get_action_time(request)
    content = open_report(row, reason=given["reason"], actor=actor, at=at)
    kind = FileKind(row.file_kind)
    return send_file(content, f"{row.kind}-{row.done_on:%Y%m%d}.{kind}", CONTENT_TYPES[kind])


@admin.register(SecurityAssessment, site=site)
class SecurityAssessmentAdmin(EvidenceAdmin[SecurityAssessment]):
    view_capability = Capability.VIEW_SECURITY
    add_capability = Capability.SUPERVISE
    ledger_families = ("security_assessment",)
    officers_only = True
    owner_column = None
    form = AssessmentForm
    list_display = ("kind", "done_by", "done_on", "next_on")
    list_filter = ("kind", ProgressFilter)
    row_fields = ("kind", "scope", "done_by", "done_on", "next_on", "report")
    detail_fields = ("added_at",)
    intro = (
        "Penetration tests, scans, reviews and audits of PakTaleem’s systems. Record each one with its report. The "
        "first page says when the next one of each kind is due. No client sees them."
    )
    empty_text = "No security assessment is recorded."
    report = text_column(lambda row: f"{FileKind(row.file_kind).label}, {filesizeformat(row.file.size)}", "report")
    acts = (
        RowAction(
            "open-report",
            "Open the report",
            Capability.VIEW_SECURITY,
            _open_report,
            lead="It is recorded that you opened it, and why.",
        ),
    )

    def write(self, row: SecurityAssessment, saving: Saving) -> None:
        record_assessment(row, saving.request.FILES["report"], actor=saving.actor, at=saving.at)
