"""Changes consent_subject_facts."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_tenancy")]
    operations = [
        ApplySql("consent_subject_facts", digest="810f7f652153", previous="e4e180e9deaa"),
    ]
