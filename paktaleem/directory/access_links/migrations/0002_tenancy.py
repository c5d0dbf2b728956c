"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("access_links", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("PageLink", looked_up=True),
            TenantIsolation("PageCode"),
            SameClientForeignKey("PageLink", "subject", "people.Subject"),
            SameClientForeignKey("PageLink", "child", "people.Subject"),
            SameClientForeignKey("PageCode", "subject", "people.Subject"),
            SameClientForeignKey("PageCode", "child", "people.Subject"),
        ),
        ApplySql("access_links_client_of_link", digest="2b99b0ac5feb"),
    ]
