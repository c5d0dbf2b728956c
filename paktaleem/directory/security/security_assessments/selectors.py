"""Reads of security assessments; all in PakTaleem's context or the officers'."""

from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from paktaleem.directory.security.security_assessments.models import (
    AssessmentReport,
    Finding,
    RiskAcceptance,
    SecurityAssessment,
)
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def list_reports(assessment: SecurityAssessment) -> QuerySet[AssessmentReport]:
    """Return the reports of an assessment, newest first."""
    found = AssessmentReport.objects.filter(client_id=PAKTALEEM, assessment=assessment)
    return found.select_related("file")


def list_findings(assessment: SecurityAssessment) -> QuerySet[Finding]:
    """Return the findings of an assessment: open ones first, the most urgent of them first."""
    found: QuerySet[Finding] = Finding.objects.filter(client_id=PAKTALEEM, assessment=assessment)
    return found.order_by(F("mended_on").asc(nulls_first=True), "due_on", "pk")


def list_acceptances(finding: Finding) -> QuerySet[RiskAcceptance]:
    """Return the requests to accept the risk of a finding, newest first."""
    return RiskAcceptance.objects.filter(client_id=PAKTALEEM, finding=finding)


def count_due(at: datetime) -> dict[str, Any]:
    """Count what needs officers at ``at``: overdue findings, those due within two weeks, assessments due or soon."""
    assessments = SecurityAssessment.objects
    return {
        "overdue": Finding.objects.overdue(at).count(),
        "soon": Finding.objects.due_soon(at).count(),
        "assessments": assessments.overdue(at).count() + assessments.due_soon(at).count(),
    }
