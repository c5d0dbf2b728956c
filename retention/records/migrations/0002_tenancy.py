"""Tenant isolation of records."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("HistoricalImpactAssessment", shared=True),
            TenantIsolation("ImpactAssessment", shared=True),
            AppendOnly("HistoricalImpactAssessment"),
            SameClientForeignKey("ImpactAssessment", "purpose", "consent.Purpose", owner="purpose_owner"),
        ),
    ]
