"""Tenant isolation of access links and codes."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql
from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("doors", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("PageLink", looked_up=True),
            TenantIsolation("PageCode"),
            SameClientForeignKey("PageLink", "subject", "subjects.Subject"),
            SameClientForeignKey("PageLink", "child", "subjects.Subject"),
            SameClientForeignKey("PageCode", "subject", "subjects.Subject"),
            SameClientForeignKey("PageCode", "child", "subjects.Subject"),
        ),
        ApplySql("doors_client_of_link", digest="2b7501be6f6e"),
    ]
