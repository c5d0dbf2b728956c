"""Adds the function that counts decisions of many clients at once."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_decision_log_tenancy")]
    operations = [
        ApplySql("consent_count_decisions", digest="f7a5934f4f14"),
    ]
