"""Tenant isolation of systems and orders."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [
        ("systems", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            Walled("System", shared=True),
            Walled("HistoricalSystem", shared=True),
            Walled("SystemKey"),
            Walled("OrderSet"),
            Walled("Order"),
            Walled("OrderStep"),
            Walled("OrderPart"),
            Walled("Waiver"),
            Walled("HistoricalSystemKey"),
            Walled("HistoricalWaiver"),
            Walled("OrderAlert"),
            AppendOnly("HistoricalSystem"),
            AppendOnly("HistoricalSystemKey"),
            AppendOnly("HistoricalWaiver"),
            AppendOnly("OrderSet"),
            AppendOnly("OrderStep"),
            AppendOnly("OrderPart"),
            AppendOnly("OrderAlert"),
            BelongsTo("SystemKey", "system", "System", owner="system_owner"),
            BelongsTo("Order", "system", "System", owner="system_owner"),
            BelongsTo("Order", "subject", "subjects.Subject"),
            BelongsTo("Order", "order_set", "OrderSet"),
            BelongsTo("OrderStep", "order", "Order"),
            BelongsTo("OrderPart", "order", "Order"),
            BelongsTo("OrderPart", "file", "files.SealedFile"),
            BelongsTo("Waiver", "order", "Order"),
            BelongsTo("OrderAlert", "order", "Order"),
        ),
    ]
