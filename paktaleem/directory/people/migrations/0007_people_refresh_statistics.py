"""The function that refreshes statistics is the one of tenancy now."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import DropSql


class Migration(migrations.Migration):
    dependencies = [("people", "0006_contacts")]
    operations = [
        DropSql("people_refresh_statistics", digest="55df73abd67f"),
    ]
