"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("rectifications", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("people", "0002_tenancy"),
        ("requests", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Correction"),
            TenantIsolation("CorrectedValue"),
            TenantIsolation("Disagreement"),
            TenantIsolation("RecipientNotice"),
            SameClientForeignKey("Correction", "request", "requests.RightsRequest"),
            SameClientForeignKey("Correction", "part", "requests.RequestPart"),
            SameClientForeignKey("CorrectedValue", "subject", "people.Subject"),
            SameClientForeignKey("CorrectedValue", "request", "requests.RightsRequest"),
            SameClientForeignKey("CorrectedValue", "age_change", "people.AgeChange"),
            SameClientForeignKey("Disagreement", "subject", "people.Subject"),
            SameClientForeignKey("Disagreement", "request", "requests.RightsRequest"),
            SameClientForeignKey("RecipientNotice", "subject", "people.Subject"),
            SameClientForeignKey("RecipientNotice", "request", "requests.RightsRequest"),
            SameClientForeignKey("RecipientNotice", "recipient", "consent.Recipient", owner="recipient_owner"),
        ),
    ]
