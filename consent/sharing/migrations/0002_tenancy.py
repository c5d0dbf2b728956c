"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("data_systems", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("LegalDisclosure"),
            TenantIsolation("Disclosure"),
            TenantIsolation("BusinessTransfer"),
            AppendOnly("Disclosure"),
            SameClientForeignKey("LegalDisclosure", "subject", "people.Subject"),
            SameClientForeignKey("Disclosure", "subject", "people.Subject"),
            SameClientForeignKey("Disclosure", "recipient", "consent.Recipient", owner="recipient_owner"),
            SameClientForeignKey("Disclosure", "system", "data_systems.System", owner="system_owner"),
        ),
    ]
