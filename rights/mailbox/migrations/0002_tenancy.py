"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("mailbox", "0001_tables"), ("accounts", "0002_tenancy"), ("requests", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("MailMessage"),
            TenantIsolation("CaseAddress"),
            TenantIsolation("MailboxCheck"),
            SameClientForeignKey("MailMessage", "request", "requests.RightsRequest"),
            SameClientForeignKey("CaseAddress", "request", "requests.RightsRequest"),
        ),
    ]
