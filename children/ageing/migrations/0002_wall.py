"""Notices of coming of age behind the wall, as evidence."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("ageing", "0001_ageing"), ("subjects", "0014_age_changes_wall")]
    operations = [
        Walled("AgeNotice"),
        AppendOnly("AgeNotice"),
        BelongsTo("AgeNotice", "subject", "subjects.Subject"),
    ]
