"""Tenant isolation of disposals, and the function that says which holdings may be disposed of."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("disposals", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("retention", "0002_tenancy"),
        ("schedule", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Sweep"),
            TenantIsolation("Batch"),
            TenantIsolation("Approval"),
            TenantIsolation("Item"),
            TenantIsolation("Certificate"),
            AppendOnly("Certificate"),
            SameClientForeignKey("Batch", "sweep", "disposals.Sweep"),
            SameClientForeignKey("Approval", "batch", "disposals.Batch"),
            SameClientForeignKey("Item", "batch", "disposals.Batch"),
            SameClientForeignKey("Item", "holding", "retention.Holding"),
            SameClientForeignKey("Item", "subject", "subjects.Subject"),
            SameClientForeignKey("Certificate", "batch", "disposals.Batch"),
        ),
        migrations.RunSQL(
            "ALTER TABLE disposals_item SET (fillfactor = 45)", "ALTER TABLE disposals_item RESET (fillfactor)"
        ),
        ApplySql("disposals_due", digest="c833eb67cefb"),
    ]
