"""Tenant isolation of the breach register; assessments, lists and letters are evidence."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("breaches", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Breach"),
            TenantIsolation("HistoricalBreach"),
            TenantIsolation("BreachAssessment"),
            TenantIsolation("BreachPerson"),
            TenantIsolation("BreachLetter"),
            TenantIsolation("BreachNotice"),
            TenantIsolation("BreachReminder"),
            TenantIsolation("BreachClosing"),
            AppendOnly("HistoricalBreach"),
            AppendOnly("BreachAssessment"),
            AppendOnly("BreachPerson"),
            AppendOnly("BreachLetter"),
            AppendOnly("BreachNotice"),
            AppendOnly("BreachReminder"),
            SameClientForeignKey("BreachAssessment", "breach", "breaches.Breach"),
            SameClientForeignKey("BreachPerson", "assessment", "breaches.BreachAssessment"),
            SameClientForeignKey("BreachPerson", "subject", "subjects.Subject"),
            SameClientForeignKey("BreachLetter", "breach", "breaches.Breach"),
            SameClientForeignKey("BreachLetter", "assessment", "breaches.BreachAssessment"),
            SameClientForeignKey("BreachNotice", "letter", "breaches.BreachLetter"),
            SameClientForeignKey("BreachNotice", "subject", "subjects.Subject"),
            SameClientForeignKey("BreachNotice", "recipient", "subjects.Subject"),
            SameClientForeignKey("BreachReminder", "breach", "breaches.Breach"),
            SameClientForeignKey("BreachClosing", "breach", "breaches.Breach"),
        ),
    ]
