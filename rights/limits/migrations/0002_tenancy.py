"""Tenant isolation of the end of restrictions and objections."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("limits", "0001_tables"), ("accounts", "0002_tenancy"), ("consent", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("LiftNotice"),
            TenantIsolation("Overruling"),
            AppendOnly("LiftNotice"),
            SameClientForeignKey("LiftNotice", "restriction", "consent.Restriction"),
            SameClientForeignKey("Overruling", "objection", "consent.Objection"),
        ),
    ]
