"""Tenant isolation of the mailbox."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("mailbox", "0001_tables"), ("accounts", "0002_tenancy"), ("rights", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("MailMessage"),
            TenantIsolation("CaseAddress"),
            TenantIsolation("MailboxCheck"),
            SameClientForeignKey("MailMessage", "request", "rights.RightsRequest"),
            SameClientForeignKey("CaseAddress", "request", "rights.RightsRequest"),
        ),
    ]
