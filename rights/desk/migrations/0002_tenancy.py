"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("requests", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("RequestTask"),
            TenantIsolation("RequestLetter"),
            TenantIsolation("AuthorityCase"),
            TenantIsolation("LiftNotice"),
            TenantIsolation("Overruling"),
            AppendOnly("RequestLetter"),
            AppendOnly("LiftNotice"),
            SameClientForeignKey("RequestTask", "request", "requests.RightsRequest"),
            SameClientForeignKey("RequestLetter", "request", "requests.RightsRequest"),
            SameClientForeignKey("AuthorityCase", "request", "requests.RightsRequest"),
            SameClientForeignKey("LiftNotice", "restriction", "consent.Restriction"),
            SameClientForeignKey("Overruling", "objection", "consent.Objection"),
        ),
    ]
