"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("web", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("KeptAnswer"),
        ),
    ]
