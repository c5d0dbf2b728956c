"""Isolates the decision log of each client, and adds the functions that add and drop its days."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_decision_log")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalDecisionLogSetting"),
            AppendOnly("HistoricalDecisionLogSetting"),
            TenantIsolation("DecisionLogSetting"),
            TenantIsolation("DecisionCount"),
            TenantIsolation("LoggedDecision", partitioned=True),
        ),
        ApplySql("consent_add_log_days", digest="84d1419cc622"),
        ApplySql("consent_drop_log_days", digest="5d8b1fa6eccf"),
    ]
