"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("disposals", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("holdings", "0002_tenancy"),
        ("people", "0002_tenancy"),
        ("schedule", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Sweep"),
            TenantIsolation("Batch"),
            TenantIsolation("Item"),
            TenantIsolation("Certificate"),
            AppendOnly("Certificate"),
            SameClientForeignKey("Batch", "sweep", "Sweep"),
            SameClientForeignKey("Item", "batch", "Batch"),
            SameClientForeignKey("Item", "holding", "holdings.Holding"),
            SameClientForeignKey("Item", "subject", "people.Subject"),
            SameClientForeignKey("Certificate", "batch", "Batch"),
        ),
        migrations.RunSQL(
            "ALTER TABLE disposals_item SET (fillfactor = 45)",
            "ALTER TABLE disposals_item RESET (fillfactor)",
        ),
        ApplySql("disposals_due", digest="3beb094efe2f"),
    ]
