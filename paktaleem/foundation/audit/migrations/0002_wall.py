"""The ledger behind the wall, and never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Walled


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_ledger"), ("tenancy", "0001_functions")]
    operations = [Walled("Entry", knows_clients=False), AppendOnly("Entry")]
