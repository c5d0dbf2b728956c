"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("ageing", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("AgeNotice"),
            AppendOnly("AgeNotice"),
            SameClientForeignKey("AgeNotice", "subject", "people.Subject"),
        ),
    ]
