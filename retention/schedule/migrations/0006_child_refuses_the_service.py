"""Changes schedule_lines."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("schedule", "0005_service_withdrawn")]
    operations = [
        ApplySql("schedule_lines", digest="7a1337ff4a07", previous="78799657f0b2"),
    ]
