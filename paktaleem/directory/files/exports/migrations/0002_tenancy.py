"""Tenant isolation of large exports."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("ListExport", limited="by_schools"),
            TenantIsolation("ExportChunk"),
            SameClientForeignKey("ExportChunk", "export", "ListExport"),
        ),
    ]
