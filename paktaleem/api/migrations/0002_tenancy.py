"""Tenant isolation of stored answers."""

from django.db import migrations

from paktaleem.tenancy.operations import Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("api", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("KeptAnswer"),
        ),
    ]
