"""Tenant isolation of the counts of each week."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("trends", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [Isolate(TenantIsolation("WeeklyCount"))]
