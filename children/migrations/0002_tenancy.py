"""Tenant isolation of guardians; what a decision reads about them."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, ApplySql, BelongsTo, Isolate, SameColumns, Walled


class Migration(migrations.Migration):
    dependencies = [
        ("children", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            Walled("Guardianship"),
            Walled("Verification"),
            Walled("SchoolAuthorisation"),
            Walled("GuardianConflict"),
            Walled("GuardianChange"),
            Walled("Quarantine"),
            Walled("ChildMechanism"),
            Walled("ProviderCheck"),
            Walled("ServiceAuthorisation"),
            Walled("HistoricalGuardianship"),
            Walled("HistoricalVerification"),
            Walled("HistoricalSchoolAuthorisation"),
            Walled("HistoricalGuardianConflict"),
            Walled("HistoricalGuardianChange"),
            Walled("HistoricalQuarantine"),
            Walled("HistoricalChildMechanism"),
            Walled("HistoricalProviderCheck"),
            AppendOnly("HistoricalGuardianship"),
            AppendOnly("HistoricalVerification"),
            AppendOnly("HistoricalSchoolAuthorisation"),
            AppendOnly("HistoricalGuardianConflict"),
            AppendOnly("HistoricalGuardianChange"),
            AppendOnly("HistoricalQuarantine"),
            AppendOnly("HistoricalChildMechanism"),
            AppendOnly("HistoricalProviderCheck"),
            AppendOnly("ServiceAuthorisation"),
            BelongsTo("Guardianship", "child", "subjects.Subject"),
            BelongsTo("Guardianship", "guardian", "subjects.Subject"),
            BelongsTo("Verification", "guardianship", "Guardianship"),
            BelongsTo("Verification", "file", "files.SealedFile"),
            BelongsTo("ServiceAuthorisation", "child", "subjects.Subject"),
            BelongsTo("ServiceAuthorisation", "guardian", "subjects.Subject"),
            BelongsTo("ServiceAuthorisation", "guardianship", "Guardianship"),
            BelongsTo("ServiceAuthorisation", "verification", "Verification"),
            BelongsTo("ServiceAuthorisation", "file", "files.SealedFile"),
            BelongsTo("SchoolAuthorisation", "child", "subjects.Subject"),
            BelongsTo("GuardianConflict", "child", "subjects.Subject"),
            BelongsTo("GuardianChange", "child", "subjects.Subject"),
            BelongsTo("GuardianChange", "guardianship", "Guardianship"),
            BelongsTo("Quarantine", "subject", "subjects.Subject"),
            BelongsTo("ProviderCheck", "guardianship", "Guardianship"),
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
