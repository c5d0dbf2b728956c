"""Tenant isolation of people; what happened to them is only ever added to."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


SCHOOLS = """
ALTER TABLE subjects_subject ADD COLUMN school_ids uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX subject_by_school ON subjects_subject USING gin (school_ids);
"""
FORGET_SCHOOLS = "ALTER TABLE subjects_subject DROP COLUMN school_ids"
"""The schools of each person. No field of the model: only triggers write it, and policies of limited staff read it."""


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        migrations.RunSQL(SCHOOLS, FORGET_SCHOOLS),
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
        ApplySql("subjects_was_erased", digest="d31739345ea2"),
        ApplySql("subjects_has_hidden_record", digest="a89252eceb2c"),
        ApplySql("subjects_refresh_statistics", digest="9a6e28937a2f"),
    ]
