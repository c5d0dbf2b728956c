"""Readmissions behind the wall; what was carried out of the erasure list is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("subjects", "0003_erasures")]
    operations = [
        AppendOnly("ErasureCarriedOut"),
        TenantIsolation("Readmission"),
        TenantIsolation("HistoricalReadmission"),
        AppendOnly("HistoricalReadmission"),
        SameClientForeignKey("Readmission", "subject", "Subject"),
    ]
