"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("WeeklyCount"),
            TenantIsolation("UseFinding"),
            TenantIsolation("RegulatorPack"),
            TenantIsolation("PackContent"),
            AppendOnly("PackContent"),
            SameClientForeignKey("PackContent", "pack", "RegulatorPack"),
        ),
    ]
