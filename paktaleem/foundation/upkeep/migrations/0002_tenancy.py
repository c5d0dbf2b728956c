"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("upkeep", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalPortalPeriod", shared=True),
            TenantIsolation("PortalPeriod", shared=True),
            TenantIsolation("DisposalRun"),
            TenantIsolation("Run", limited="by_schools"),
            AppendOnly("HistoricalPortalPeriod"),
        ),
    ]
