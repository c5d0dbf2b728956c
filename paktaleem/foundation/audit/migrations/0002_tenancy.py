"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_tables"), ("tenancy", "0001_functions")]
    operations = [
        Isolate(
            TenantIsolation("Entry", limited="journal"),
            AppendOnly("Entry"),
        ),
        ApplySql("audit_record_own", digest="149a5ca4d2e3"),
    ]
