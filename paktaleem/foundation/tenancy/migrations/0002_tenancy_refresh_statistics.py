"""One function refreshes the statistics of the tables that it is given."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_functions")]
    operations = [
        ApplySql("tenancy_refresh_statistics", digest="f1a961c60837"),
    ]
