"""Collections, holdings and incidents behind the wall; what was reported is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_holdings"), ("subjects", "0002_wall"), ("systems", "0002_wall")]
    operations = [
        *(TenantIsolation(model) for model in ("Collection", "Holding", "Incident", "HistoricalIncident")),
        *(AppendOnly(model) for model in ("Collection", "HistoricalIncident")),
        *(SameClientForeignKey(model, "subject", "subjects.Subject") for model in ("Collection", "Holding", "Incident")),
        *(SameClientForeignKey(model, "system", "systems.System", owner="system_owner") for model in ("Collection", "Holding")),
    ]
