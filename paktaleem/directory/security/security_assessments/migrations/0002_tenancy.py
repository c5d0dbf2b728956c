"""Tenant isolation of security assessments; history, findings' reminders and reports are evidence."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("security_assessments", "0001_tables"), ("accounts", "0002_tenancy"), ("files", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("SecurityAssessment"),
            TenantIsolation("HistoricalSecurityAssessment"),
            TenantIsolation("AssessmentReport"),
            TenantIsolation("Finding"),
            TenantIsolation("HistoricalFinding"),
            TenantIsolation("RiskAcceptance"),
            TenantIsolation("AssessmentReminder"),
            AppendOnly("HistoricalSecurityAssessment"),
            AppendOnly("HistoricalFinding"),
            AppendOnly("AssessmentReminder"),
            SameClientForeignKey("AssessmentReport", "assessment", "SecurityAssessment"),
            SameClientForeignKey("AssessmentReport", "file", "files.SealedFile"),
            SameClientForeignKey("Finding", "assessment", "SecurityAssessment"),
            SameClientForeignKey("RiskAcceptance", "finding", "Finding"),
        ),
    ]
