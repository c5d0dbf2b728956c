"""Tenant isolation of the ledger, which is only ever added to."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_tables"), ("tenancy", "0001_functions")]
    operations = [
        Isolate(
            TenantIsolation("Entry", limited="journal"),
            AppendOnly("Entry"),
        ),
        ApplySql("ledger_record_own", digest="f7455b7899d8"),
    ]
