"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("people", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        migrations.RunSQL(
            """
ALTER TABLE people_subject ADD COLUMN school_ids uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX subject_by_school ON people_subject USING gin (school_ids);
""",
            "ALTER TABLE people_subject DROP COLUMN school_ids",
        ),
        Isolate(
            TenantIsolation("AgeChange"),
            TenantIsolation("HistoricalSubject"),
            TenantIsolation("Subject"),
            TenantIsolation("SubjectKey"),
            TenantIsolation("HistoricalGuardianClaim"),
            TenantIsolation("GuardianClaim"),
            TenantIsolation("AccessRecord"),
            TenantIsolation("SubjectEvent"),
            TenantIsolation("HistoricalReadmission"),
            TenantIsolation("Readmission"),
            TenantIsolation("PersonMerge"),
            TenantIsolation("Erasure"),
            AppendOnly("HistoricalSubject"),
            AppendOnly("HistoricalGuardianClaim"),
            AppendOnly("AccessRecord"),
            AppendOnly("SubjectEvent"),
            AppendOnly("HistoricalReadmission"),
            AppendOnly("ErasureCarriedOut"),
            SameClientForeignKey("AgeChange", "subject", "Subject"),
            SameClientForeignKey("SubjectKey", "subject", "Subject"),
            SameClientForeignKey("GuardianClaim", "child", "Subject"),
            SameClientForeignKey("GuardianClaim", "guardian", "Subject"),
            SameClientForeignKey("AccessRecord", "subject", "Subject"),
            SameClientForeignKey("SubjectEvent", "subject", "Subject"),
            SameClientForeignKey("Readmission", "subject", "Subject"),
            SameClientForeignKey("PersonMerge", "main", "Subject"),
            SameClientForeignKey("PersonMerge", "other", "Subject"),
            SameClientForeignKey("PersonMerge", "undoes", "PersonMerge"),
            SameClientForeignKey("Erasure", "subject", "Subject"),
        ),
        ApplySql("people_was_erased", digest="281b0257f798"),
        ApplySql("people_has_hidden_record", digest="19ee61534e45"),
    ]
