"""Tenant isolation of invitations."""

from django.db import migrations

from paktaleem.tenancy.operations import BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("invitations", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("Invitation"),
            BelongsTo("Invitation", "child", "subjects.Subject"),
            BelongsTo("Invitation", "guardian", "subjects.Subject"),
        ),
    ]
