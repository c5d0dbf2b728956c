"""Tenant isolation of people; what happened to them is only ever added to."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, ApplySql, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("Subject"),
            Walled("HistoricalSubject"),
            Walled("SubjectKey"),
            Walled("GuardianClaim"),
            Walled("HistoricalGuardianClaim"),
            Walled("AccessRecord"),
            Walled("Readmission"),
            Walled("HistoricalReadmission"),
            Walled("SubjectEvent"),
            Walled("RosterImport"),
            Walled("RosterChunk"),
            Walled("AgeChange"),
            AppendOnly("AccessRecord"),
            AppendOnly("HistoricalSubject"),
            AppendOnly("HistoricalGuardianClaim"),
            AppendOnly("ErasureCarriedOut"),
            AppendOnly("HistoricalReadmission"),
            AppendOnly("SubjectEvent"),
            BelongsTo("SubjectKey", "subject", "Subject"),
            BelongsTo("GuardianClaim", "child", "Subject"),
            BelongsTo("GuardianClaim", "guardian", "Subject"),
            BelongsTo("AccessRecord", "subject", "Subject"),
            BelongsTo("Readmission", "subject", "Subject"),
            BelongsTo("SubjectEvent", "subject", "Subject"),
            BelongsTo("RosterChunk", "roster", "RosterImport"),
            BelongsTo("AgeChange", "subject", "Subject"),
        ),
        ApplySql("subjects_refresh_statistics", digest="9a6e28937a2f"),
    ]
