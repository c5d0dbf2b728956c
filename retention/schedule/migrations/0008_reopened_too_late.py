"""Changes schedule_lines."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("schedule", "0007_facts_of_earlier_holds")]
    operations = [
        ApplySql("schedule_lines", digest="5cdef7be319a", previous="7a1337ff4a07"),
    ]
