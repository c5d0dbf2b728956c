"""Tenant isolation of the retention schedule, and the functions that say when data is due."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("schedule", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("retention", "0002_tenancy"),
        ("schools", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
        ("systems", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("RetentionRule", shared=True),
            TenantIsolation("HistoricalRetentionRule", shared=True),
            TenantIsolation("Hold"),
            TenantIsolation("HistoricalHold"),
            TenantIsolation("HoldLift"),
            AppendOnly("HistoricalRetentionRule"),
            AppendOnly("HistoricalHold"),
            SameClientForeignKey("RetentionRule", "purpose", "consent.Purpose", owner="purpose_owner"),
            SameClientForeignKey("Hold", "subject", "subjects.Subject"),
            SameClientForeignKey("Hold", "system", "systems.System", owner="system_owner"),
            SameClientForeignKey("HoldLift", "hold", "schedule.Hold"),
        ),
        ApplySql("schedule_lines", digest="392a6841bf73"),
        ApplySql("schedule_due", digest="71e1ad37b377"),
        ApplySql("schedule_is_held", digest="3511ee9eae4b"),
    ]
