"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("security", "0001_tables"), ("accounts", "0002_tenancy"), ("files", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("SecurityEvent"),
            TenantIsolation("SecurityAssessment"),
            SameClientForeignKey("SecurityAssessment", "file", "files.SealedFile"),
        ),
        ApplySql("security_events_count", digest="e8237edf3a46"),
    ]
