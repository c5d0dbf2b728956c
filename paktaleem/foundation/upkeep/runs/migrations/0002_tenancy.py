"""Tenant isolation of runs."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [Isolate(TenantIsolation("Run", limited="by_schools"))]
