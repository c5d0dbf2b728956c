"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_tables"), ("accounts", "0002_tenancy"), ("audit", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalProvider"),
            TenantIsolation("Provider", looked_up=True),
            TenantIsolation("ProviderSecret"),
            TenantIsolation("SignOnLink"),
            TenantIsolation("AccessReview"),
            AppendOnly("HistoricalProvider"),
            SameClientForeignKey("ProviderSecret", "provider", "Provider"),
        ),
        ApplySql("staff_sign_on_by_domain", digest="ef6f2b67723e"),
        ApplySql("staff_sign_on_only", digest="809cab4a0a31"),
        ApplySql("staff_sign_on_providers", digest="8cafc0412586"),
    ]
