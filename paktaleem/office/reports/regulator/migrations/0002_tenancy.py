"""Tenant isolation of packs for regulators."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("regulator", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("RegulatorPack"),
            TenantIsolation("PackContent"),
            AppendOnly("PackContent"),
            SameClientForeignKey("PackContent", "pack", "RegulatorPack"),
        ),
    ]
