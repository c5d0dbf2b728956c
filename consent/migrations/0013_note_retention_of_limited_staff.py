"""Changes consent_note_retention."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_necessary_cookies")]
    operations = [
        ApplySql("consent_note_retention", digest="c886353e51bf", previous="71c1ff008f02"),
    ]
