"""Changes consent_count_decisions, consent_log_decisions."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql, DropSql


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_gates_tenancy")]
    operations = [
        DropSql("consent_count_decisions", digest="f7a5934f4f14"),
        ApplySql("consent_log_decisions", digest="f95929ebc54a"),
    ]
