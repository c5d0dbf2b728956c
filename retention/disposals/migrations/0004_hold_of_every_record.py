"""Changes disposals_due."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("disposals", "0003_systems_without_reports")]
    operations = [
        ApplySql("disposals_due", digest="09b681d04d64", previous="c833eb67cefb"),
    ]
