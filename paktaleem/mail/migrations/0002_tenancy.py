"""Tenant isolation of outgoing mail."""

from django.db import migrations

from paktaleem.tenancy.operations import BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("Letter"),
            BelongsTo("Letter", "subject", "subjects.Subject"),
        ),
    ]
