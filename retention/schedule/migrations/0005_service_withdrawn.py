"""A guardian's withdrawal of the service starts periods of retention."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("schedule", "0004_hold_of_every_record"), ("children", "0002_tenancy")]
    operations = [
        ApplySql("schedule_lines", digest="78799657f0b2", previous="392a6841bf73"),
    ]
