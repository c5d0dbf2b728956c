"""Tenant isolation of the counts of each week."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        migrations.RunSQL(
            "DROP TABLE IF EXISTS trends_weeklycount, digests_sentdigest, digests_digestchoice", migrations.RunSQL.noop
        ),
        Isolate(TenantIsolation("WeeklyCount")),
    ]
