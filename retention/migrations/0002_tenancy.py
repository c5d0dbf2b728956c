"""Tenant isolation of what systems hold."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
        ("systems", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            Walled("Collection"),
            Walled("Holding"),
            Walled("Incident"),
            Walled("HistoricalIncident"),
            AppendOnly("Collection"),
            AppendOnly("HistoricalIncident"),
            BelongsTo("Collection", "subject", "subjects.Subject"),
            BelongsTo("Holding", "subject", "subjects.Subject"),
            BelongsTo("Incident", "subject", "subjects.Subject"),
            BelongsTo("Collection", "system", "systems.System", owner="system_owner"),
            BelongsTo("Holding", "system", "systems.System", owner="system_owner"),
        ),
    ]
