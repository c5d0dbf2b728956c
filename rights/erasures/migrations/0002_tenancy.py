"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("erasures", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("people", "0002_tenancy"),
        ("requests", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("ErasureProposal"),
            TenantIsolation("Certificate"),
            AppendOnly("Certificate"),
            SameClientForeignKey("ErasureProposal", "subject", "people.Subject"),
            SameClientForeignKey("ErasureProposal", "request", "requests.RightsRequest"),
            SameClientForeignKey("ErasureProposal", "leading", "ErasureProposal"),
            SameClientForeignKey("ErasureProposal", "erasure", "people.Erasure"),
            SameClientForeignKey("Certificate", "proposal", "ErasureProposal"),
        ),
    ]
