"""Tenant isolation of erasures."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("erasures", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("rights", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("ErasureProposal"),
            TenantIsolation("Certificate"),
            AppendOnly("Certificate"),
            SameClientForeignKey("ErasureProposal", "subject", "subjects.Subject"),
            SameClientForeignKey("ErasureProposal", "request", "rights.RightsRequest"),
            SameClientForeignKey("ErasureProposal", "erasure", "subjects.Erasure"),
            SameClientForeignKey("ErasureProposal", "leading", "ErasureProposal"),
            SameClientForeignKey("Certificate", "proposal", "erasures.ErasureProposal"),
        ),
    ]
