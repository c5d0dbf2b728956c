"""Tenant isolation of the weekly digest."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("digests", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(TenantIsolation("SentDigest"), TenantIsolation("DigestChoice"), AppendOnly("SentDigest")),
    ]
