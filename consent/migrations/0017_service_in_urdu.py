"""Changes requires_second_person_update."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0016_service_in_urdu")]
    operations = [
        ApplySql("requires_second_person_update", digest="cf67352326be", previous="88e3ff19f994"),
    ]
