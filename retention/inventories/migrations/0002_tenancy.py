"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("inventories", "0001_tables")]
    operations = [
        Isolate(
            TenantIsolation("Inventory", limited="read"),
            SameClientForeignKey("Inventory", "system", "data_systems.System", owner="system_owner"),
            TenantIsolation("InventoryLine", limited="read"),
            SameClientForeignKey("InventoryLine", "inventory", "Inventory"),
        ),
    ]
