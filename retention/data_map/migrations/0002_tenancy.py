"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("data_map", "0001_tables"), ("data_systems", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalMapLine"),
            TenantIsolation("MapLine"),
            AppendOnly("HistoricalMapLine"),
            SameClientForeignKey("MapLine", "system", "data_systems.System", owner="system_owner"),
        ),
    ]
