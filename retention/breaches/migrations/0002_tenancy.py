"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("breaches", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalBreach"),
            TenantIsolation("Breach"),
            TenantIsolation("BreachAssessment"),
            TenantIsolation("BreachPerson"),
            TenantIsolation("BreachLetter"),
            TenantIsolation("BreachNotice"),
            AppendOnly("HistoricalBreach"),
            AppendOnly("BreachAssessment"),
            AppendOnly("BreachPerson"),
            AppendOnly("BreachLetter"),
            AppendOnly("BreachNotice"),
            SameClientForeignKey("BreachAssessment", "breach", "Breach"),
            SameClientForeignKey("BreachPerson", "assessment", "BreachAssessment"),
            SameClientForeignKey("BreachPerson", "subject", "people.Subject"),
            SameClientForeignKey("BreachLetter", "breach", "Breach"),
            SameClientForeignKey("BreachLetter", "assessment", "BreachAssessment"),
            SameClientForeignKey("BreachNotice", "letter", "BreachLetter"),
            SameClientForeignKey("BreachNotice", "subject", "people.Subject"),
            SameClientForeignKey("BreachNotice", "recipient", "people.Subject"),
        ),
    ]
