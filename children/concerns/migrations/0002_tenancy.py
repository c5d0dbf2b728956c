"""Tenant isolation of guardians' requests."""

from django.db import migrations

from paktaleem.tenancy.operations import BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("concerns", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("Concern"),
            BelongsTo("Concern", "child", "subjects.Subject"),
            BelongsTo("Concern", "guardian", "subjects.Subject"),
        ),
    ]
