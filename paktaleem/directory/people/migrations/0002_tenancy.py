"""Tenant isolation of people; what happened to them is only ever added to."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import (
    AppendOnly,
    ApplySql,
    SameClientForeignKey,
    Isolate,
    TenantIsolation,
)


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Subject"),
            TenantIsolation("HistoricalSubject"),
            TenantIsolation("SubjectKey"),
            TenantIsolation("GuardianClaim"),
            TenantIsolation("HistoricalGuardianClaim"),
            TenantIsolation("AccessRecord"),
            TenantIsolation("Readmission"),
            TenantIsolation("HistoricalReadmission"),
            TenantIsolation("SubjectEvent"),
            TenantIsolation("RosterImport"),
            TenantIsolation("RosterChunk"),
            TenantIsolation("AgeChange"),
            TenantIsolation("Erasure"),
            AppendOnly("AccessRecord"),
            AppendOnly("HistoricalSubject"),
            AppendOnly("HistoricalGuardianClaim"),
            AppendOnly("ErasureCarriedOut"),
            AppendOnly("HistoricalReadmission"),
            AppendOnly("SubjectEvent"),
            SameClientForeignKey("SubjectKey", "subject", "Subject"),
            SameClientForeignKey("GuardianClaim", "child", "Subject"),
            SameClientForeignKey("GuardianClaim", "guardian", "Subject"),
            SameClientForeignKey("AccessRecord", "subject", "Subject"),
            SameClientForeignKey("Readmission", "subject", "Subject"),
            SameClientForeignKey("SubjectEvent", "subject", "Subject"),
            SameClientForeignKey("RosterChunk", "roster", "RosterImport"),
            SameClientForeignKey("AgeChange", "subject", "Subject"),
            SameClientForeignKey("Erasure", "subject", "Subject"),
        ),
        ApplySql("subjects_refresh_statistics", digest="9a6e28937a2f"),
    ]
