"""Tenant isolation of disclosures."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
        ("systems", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Disclosure"),
            TenantIsolation("LegalDisclosure"),
            TenantIsolation("BusinessTransfer"),
            AppendOnly("Disclosure"),
            SameClientForeignKey("Disclosure", "subject", "subjects.Subject"),
            SameClientForeignKey("Disclosure", "recipient", "consent.Recipient", owner="recipient_owner"),
            SameClientForeignKey("Disclosure", "system", "systems.System", owner="system_owner"),
            SameClientForeignKey("LegalDisclosure", "subject", "subjects.Subject"),
        ),
    ]
