"""The ledger behind the wall, and never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_ledger"), ("tenancy", "0001_functions")]
    operations = [TenantIsolation("Entry", knows_clients=False), AppendOnly("Entry")]
