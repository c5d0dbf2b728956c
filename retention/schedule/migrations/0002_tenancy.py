"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("schedule", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("data_systems", "0002_tenancy"),
        ("guardians", "0002_tenancy"),
        ("holdings", "0002_tenancy"),
        ("people", "0002_tenancy"),
        ("schools", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("HistoricalHold"),
            TenantIsolation("Hold"),
            TenantIsolation("HistoricalRetentionRule", shared=True),
            TenantIsolation("RetentionRule", shared=True),
            AppendOnly("HistoricalHold"),
            AppendOnly("HistoricalRetentionRule"),
            SameClientForeignKey("Hold", "subject", "people.Subject"),
            SameClientForeignKey("Hold", "system", "data_systems.System", owner="system_owner"),
            SameClientForeignKey("RetentionRule", "purpose", "consent.Purpose", owner="purpose_owner"),
        ),
        ApplySql("schedule_lines", digest="821eaf2ac1e3"),
        ApplySql("schedule_due", digest="71e1ad37b377"),
        ApplySql("schedule_is_held", digest="5ca390bcb80e"),
    ]
