"""Requires two people for a lawful basis other than consent; isolates the listed laws."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_listed_laws")]
    operations = [
        Isolate(
            TenantIsolation("ListedLaw", shared=True),
            TenantIsolation("HistoricalListedLaw", shared=True),
            AppendOnly("HistoricalListedLaw"),
        ),
        ApplySql("consent_require_second_person", digest="d2025ccea42d", previous="3c4421d2c86c"),
    ]
