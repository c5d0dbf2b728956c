"""Tenant isolation of security events, and the function that counts refusals."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql
from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("security_events", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(TenantIsolation("SecurityEvent")),
        ApplySql("security_events_count", digest="f0ae20b1d91a"),
    ]
