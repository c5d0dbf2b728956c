"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("inventories", "0001_tables"), ("data_systems", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Inventory", limited="read"),
            TenantIsolation("ErasedId"),
            TenantIsolation("InventoryLine", limited="read"),
            SameClientForeignKey("Inventory", "system", "data_systems.System", owner="system_owner"),
            SameClientForeignKey("ErasedId", "system", "data_systems.System", owner="system_owner"),
            SameClientForeignKey("InventoryLine", "inventory", "Inventory"),
        ),
    ]
