"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("inventories", "0003_erased_ids")]
    operations = [
        Isolate(
            TenantIsolation("ErasedId"),
            SameClientForeignKey("ErasedId", "system", "data_systems.System", owner="system_owner"),
        ),
    ]
