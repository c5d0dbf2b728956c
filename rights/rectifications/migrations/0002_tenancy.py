"""Tenant isolation of rectifications."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("rectifications", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("rights", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Correction"),
            TenantIsolation("CorrectedValue"),
            TenantIsolation("RecipientNotice"),
            SameClientForeignKey("Correction", "request", "rights.RightsRequest"),
            SameClientForeignKey("Correction", "part", "rights.RequestPart"),
            SameClientForeignKey("CorrectedValue", "subject", "subjects.Subject"),
            SameClientForeignKey("CorrectedValue", "request", "rights.RightsRequest"),
            SameClientForeignKey("CorrectedValue", "age_change", "subjects.AgeChange"),
            SameClientForeignKey("RecipientNotice", "subject", "subjects.Subject"),
            SameClientForeignKey("RecipientNotice", "request", "rights.RightsRequest"),
            SameClientForeignKey("RecipientNotice", "recipient", "consent.Recipient", owner="recipient_owner"),
        ),
    ]
