"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("invitations", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Invitation"),
            SameClientForeignKey("Invitation", "child", "people.Subject"),
            SameClientForeignKey("Invitation", "guardian", "people.Subject"),
        ),
    ]
