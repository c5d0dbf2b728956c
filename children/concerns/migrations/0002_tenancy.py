"""Tenant isolation of guardians' requests."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("concerns", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Concern"),
            SameClientForeignKey("Concern", "child", "subjects.Subject"),
            SameClientForeignKey("Concern", "guardian", "subjects.Subject"),
        ),
    ]
