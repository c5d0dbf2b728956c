"""Tenant isolation of access links and codes."""

from django.db import migrations

from paktaleem.tenancy.operations import ApplySql, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("doors", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("PageLink", looked_up=True),
            Walled("PageCode"),
            BelongsTo("PageLink", "subject", "subjects.Subject"),
            BelongsTo("PageLink", "child", "subjects.Subject"),
            BelongsTo("PageCode", "subject", "subjects.Subject"),
            BelongsTo("PageCode", "child", "subjects.Subject"),
        ),
        ApplySql("doors_client_of_link", digest="2b7501be6f6e"),
    ]
