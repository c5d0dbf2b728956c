"""Tenant isolation of systems and orders."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("systems", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("System", shared=True),
            TenantIsolation("HistoricalSystem", shared=True),
            TenantIsolation("SystemKey"),
            TenantIsolation("OrderSet", limited="read"),
            TenantIsolation("Order"),
            TenantIsolation("OrderStep"),
            TenantIsolation("OrderPart"),
            TenantIsolation("Waiver"),
            TenantIsolation("HistoricalSystemKey"),
            TenantIsolation("HistoricalWaiver"),
            TenantIsolation("OrderAlert"),
            AppendOnly("HistoricalSystem"),
            AppendOnly("HistoricalSystemKey"),
            AppendOnly("HistoricalWaiver"),
            AppendOnly("OrderSet"),
            AppendOnly("OrderStep"),
            AppendOnly("OrderPart"),
            AppendOnly("OrderAlert"),
            SameClientForeignKey("SystemKey", "system", "System", owner="system_owner"),
            SameClientForeignKey("Order", "system", "System", owner="system_owner"),
            SameClientForeignKey("Order", "subject", "subjects.Subject"),
            SameClientForeignKey("Order", "order_set", "OrderSet"),
            SameClientForeignKey("OrderStep", "order", "Order"),
            SameClientForeignKey("OrderPart", "order", "Order"),
            SameClientForeignKey("OrderPart", "file", "files.SealedFile"),
            SameClientForeignKey("Waiver", "order", "Order"),
            SameClientForeignKey("OrderAlert", "order", "Order"),
        ),
    ]
