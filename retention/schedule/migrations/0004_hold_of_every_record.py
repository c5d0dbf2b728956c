"""Changes schedule_is_held."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("schedule", "0003_hold_of_a_side")]
    operations = [
        ApplySql("schedule_is_held", digest="98c09a9e7018", previous="3511ee9eae4b"),
    ]
