"""Tenant isolation of periods: every client reads PakTaleem's values, nobody else's context writes them."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("periods", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("PortalPeriod", shared=True),
            TenantIsolation("HistoricalPortalPeriod", shared=True),
            TenantIsolation("PeriodChange"),
            TenantIsolation("DisposalRun"),
            AppendOnly("HistoricalPortalPeriod"),
        ),
    ]
