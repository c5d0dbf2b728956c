"""Tenant isolation of single sign-on; the look-ups that come before a client is known."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("single_sign_on", "0001_tables"), ("accounts", "0002_tenancy"), ("ledger", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Provider", looked_up=True),
            TenantIsolation("HistoricalProvider"),
            TenantIsolation("ProviderSecret"),
            TenantIsolation("SignOnLink"),
            AppendOnly("HistoricalProvider"),
            SameClientForeignKey("ProviderSecret", "provider", "Provider"),
        ),
        ApplySql("single_sign_on_by_domain", digest="929bd76cbf20"),
        ApplySql("single_sign_on_only", digest="cfc40e857ae0"),
        ApplySql("single_sign_on_providers", digest="c1e26329a6c2"),
    ]
