"""Tenant isolation of age notices."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("ageing", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("AgeNotice"),
            AppendOnly("AgeNotice"),
            BelongsTo("AgeNotice", "subject", "subjects.Subject"),
        ),
    ]
