"""Tenant isolation of what systems hold."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
        ("systems", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Collection"),
            TenantIsolation("Holding"),
            TenantIsolation("FlaggedCollection"),
            TenantIsolation("Incident"),
            TenantIsolation("HistoricalIncident"),
            AppendOnly("Collection"),
            AppendOnly("HistoricalIncident"),
            SameClientForeignKey("Collection", "subject", "subjects.Subject"),
            SameClientForeignKey("Holding", "subject", "subjects.Subject"),
            SameClientForeignKey("FlaggedCollection", "collection", "retention.Collection"),
            SameClientForeignKey("FlaggedCollection", "subject", "subjects.Subject"),
            SameClientForeignKey("Incident", "subject", "subjects.Subject"),
            SameClientForeignKey("Collection", "system", "systems.System", owner="system_owner"),
            SameClientForeignKey("Holding", "system", "systems.System", owner="system_owner"),
        ),
    ]
