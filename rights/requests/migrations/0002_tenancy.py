"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("requests", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("RightsRequest"),
            TenantIsolation("RequestPart"),
            TenantIsolation("RequestStep"),
            TenantIsolation("RequestPause"),
            TenantIsolation("RequestExtension"),
            TenantIsolation("RequestNote"),
            TenantIsolation("RequestLimit"),
            AppendOnly("RequestStep"),
            AppendOnly("RequestExtension"),
            AppendOnly("RequestNote"),
            AppendOnly("RequestLimit"),
            SameClientForeignKey("RightsRequest", "subject", "people.Subject"),
            SameClientForeignKey("RightsRequest", "requester", "people.Subject"),
            SameClientForeignKey("RightsRequest", "duplicate_of", "RightsRequest"),
            SameClientForeignKey("RequestPart", "request", "RightsRequest"),
            SameClientForeignKey("RequestStep", "request", "RightsRequest"),
            SameClientForeignKey("RequestPause", "request", "RightsRequest"),
            SameClientForeignKey("RequestExtension", "request", "RightsRequest"),
            SameClientForeignKey("RequestNote", "request", "RightsRequest"),
            SameClientForeignKey("RequestLimit", "request", "RightsRequest"),
            SameClientForeignKey("RequestLimit", "restriction", "consent.Restriction"),
            SameClientForeignKey("RequestLimit", "objection", "consent.Objection"),
        ),
    ]
