"""Tenant isolation of guardians; what a decision reads about them."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, SameColumns, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("children", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Guardianship"),
            TenantIsolation("Verification"),
            TenantIsolation("SchoolAuthorisation"),
            TenantIsolation("GuardianConflict"),
            TenantIsolation("GuardianChange"),
            TenantIsolation("Quarantine"),
            TenantIsolation("ChildMechanism", limited="read"),
            TenantIsolation("ProviderCheck"),
            TenantIsolation("ServiceAuthorisation"),
            TenantIsolation("HistoricalGuardianship"),
            TenantIsolation("HistoricalVerification"),
            TenantIsolation("HistoricalSchoolAuthorisation"),
            TenantIsolation("HistoricalGuardianConflict"),
            TenantIsolation("HistoricalGuardianChange"),
            TenantIsolation("HistoricalQuarantine"),
            TenantIsolation("HistoricalChildMechanism", limited="read"),
            TenantIsolation("HistoricalProviderCheck"),
            AppendOnly("HistoricalGuardianship"),
            AppendOnly("HistoricalVerification"),
            AppendOnly("HistoricalSchoolAuthorisation"),
            AppendOnly("HistoricalGuardianConflict"),
            AppendOnly("HistoricalGuardianChange"),
            AppendOnly("HistoricalQuarantine"),
            AppendOnly("HistoricalChildMechanism"),
            AppendOnly("HistoricalProviderCheck"),
            AppendOnly("ServiceAuthorisation"),
            SameClientForeignKey("Guardianship", "child", "subjects.Subject"),
            SameClientForeignKey("Guardianship", "guardian", "subjects.Subject"),
            SameClientForeignKey("Verification", "guardianship", "Guardianship"),
            SameClientForeignKey("Verification", "file", "files.SealedFile"),
            SameClientForeignKey("ServiceAuthorisation", "child", "subjects.Subject"),
            SameClientForeignKey("ServiceAuthorisation", "guardian", "subjects.Subject"),
            SameClientForeignKey("ServiceAuthorisation", "guardianship", "Guardianship"),
            SameClientForeignKey("ServiceAuthorisation", "verification", "Verification"),
            SameClientForeignKey("ServiceAuthorisation", "file", "files.SealedFile"),
            SameClientForeignKey("SchoolAuthorisation", "child", "subjects.Subject"),
            SameClientForeignKey("GuardianConflict", "child", "subjects.Subject"),
            SameClientForeignKey("GuardianChange", "child", "subjects.Subject"),
            SameClientForeignKey("GuardianChange", "guardianship", "Guardianship"),
            SameClientForeignKey("Quarantine", "subject", "subjects.Subject"),
            SameClientForeignKey("ProviderCheck", "guardianship", "Guardianship"),
            SameColumns("ServiceAuthorisation", "guardianship", "Guardianship", "child_id", "guardian_id"),
            SameColumns("ServiceAuthorisation", "verification", "Verification", "guardianship_id"),
        ),
        migrations.RunSQL(
            "CREATE INDEX children_historicalguardianship_of_child ON children_historicalguardianship "
            "(client_id, child_id, id, history_date DESC, history_id DESC)",
            "DROP INDEX children_historicalguardianship_of_child",
        ),
        ApplySql("children_guardian_facts", digest="61b5f8b36c9f"),
        ApplySql("children_facts", digest="3e4d08c1cebc"),
    ]
