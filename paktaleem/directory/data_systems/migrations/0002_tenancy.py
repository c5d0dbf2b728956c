"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("data_systems", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("HistoricalSystem", shared=True),
            TenantIsolation("System", shared=True),
            TenantIsolation("HistoricalSystemKey"),
            TenantIsolation("SystemKey"),
            TenantIsolation("OrderSet", limited="read"),
            TenantIsolation("Order"),
            TenantIsolation("OrderStep"),
            TenantIsolation("OrderPart"),
            TenantIsolation("HistoricalWaiver"),
            TenantIsolation("Waiver"),
            TenantIsolation("OrderAlert"),
            AppendOnly("HistoricalSystem"),
            AppendOnly("HistoricalSystemKey"),
            AppendOnly("OrderSet"),
            AppendOnly("OrderStep"),
            AppendOnly("OrderPart"),
            AppendOnly("HistoricalWaiver"),
            AppendOnly("OrderAlert"),
            SameClientForeignKey("SystemKey", "system", "System", owner="system_owner"),
            SameClientForeignKey("Order", "system", "System", owner="system_owner"),
            SameClientForeignKey("Order", "subject", "people.Subject"),
            SameClientForeignKey("Order", "order_set", "OrderSet"),
            SameClientForeignKey("OrderStep", "order", "Order"),
            SameClientForeignKey("OrderPart", "order", "Order"),
            SameClientForeignKey("OrderPart", "file", "files.SealedFile"),
            SameClientForeignKey("Waiver", "order", "Order"),
            SameClientForeignKey("OrderAlert", "order", "Order"),
        ),
    ]
