"""Changes requires_second_person_update."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_earlier_disposal")]
    operations = [
        ApplySql("requires_second_person_update", digest="88e3ff19f994", previous="446125cb84eb"),
    ]
