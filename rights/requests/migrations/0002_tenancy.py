"""Tenant isolation of rights requests."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("RightsRequest"),
            TenantIsolation("RequestPart"),
            TenantIsolation("RequestStep"),
            TenantIsolation("RequestPause"),
            TenantIsolation("RequestExtension"),
            TenantIsolation("RequestNote"),
            TenantIsolation("ScheduledStep"),
            TenantIsolation("RequestLimit"),
            AppendOnly("RequestStep"),
            AppendOnly("RequestExtension"),
            AppendOnly("RequestNote"),
            AppendOnly("ScheduledStep"),
            AppendOnly("RequestLimit"),
            SameClientForeignKey("RightsRequest", "subject", "subjects.Subject"),
            SameClientForeignKey("RightsRequest", "requester", "subjects.Subject"),
            SameClientForeignKey("RightsRequest", "duplicate_of", "rights.RightsRequest"),
            SameClientForeignKey("RequestPart", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestStep", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestPause", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestExtension", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestNote", "request", "rights.RightsRequest"),
            SameClientForeignKey("ScheduledStep", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestLimit", "request", "rights.RightsRequest"),
            SameClientForeignKey("RequestLimit", "restriction", "consent.Restriction"),
            SameClientForeignKey("RequestLimit", "objection", "consent.Objection"),
        ),
    ]
