"""The function that refreshes statistics is the one of tenancy now."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import DropSql


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_tenancy")]
    operations = [
        DropSql("schools_refresh_statistics", digest="27077dba0d56"),
    ]
