"""Readmissions behind the wall; what was carried out of the erasure list is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0003_erasures")]
    operations = [
        AppendOnly("ErasureCarriedOut"),
        Walled("Readmission"),
        Walled("HistoricalReadmission"),
        AppendOnly("HistoricalReadmission"),
        BelongsTo("Readmission", "subject", "Subject"),
    ]
