"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("holdings", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("data_systems", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Collection"),
            TenantIsolation("Holding"),
            TenantIsolation("FlaggedCollection"),
            TenantIsolation("HistoricalIncident"),
            TenantIsolation("Incident"),
            AppendOnly("Collection"),
            AppendOnly("HistoricalIncident"),
            SameClientForeignKey("Collection", "subject", "people.Subject"),
            SameClientForeignKey("Collection", "system", "data_systems.System", owner="system_owner"),
            SameClientForeignKey("Holding", "subject", "people.Subject"),
            SameClientForeignKey("Holding", "system", "data_systems.System", owner="system_owner"),
            SameClientForeignKey("FlaggedCollection", "collection", "Collection"),
            SameClientForeignKey("FlaggedCollection", "subject", "people.Subject"),
            SameClientForeignKey("Incident", "subject", "people.Subject"),
        ),
    ]
