"""Tenant isolation of the desk."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_tables"), ("accounts", "0002_tenancy"), ("rights", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("RequestTask"),
            TenantIsolation("RequestLetter"),
            TenantIsolation("HandOver"),
            AppendOnly("RequestLetter"),
            AppendOnly("HandOver"),
            SameClientForeignKey("RequestTask", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestLetter", "request", "rights.RightsRequest"),
        ),
    ]
