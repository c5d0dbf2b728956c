"""Letters behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_letters"), ("accounts", "0002_wall"), ("subjects", "0002_wall")]
    operations = [
        TenantIsolation("Letter"),
        SameClientForeignKey("Letter", "subject", "subjects.Subject"),
    ]
