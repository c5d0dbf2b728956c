"""Changes of ages behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("subjects", "0013_age_changes")]
    operations = [TenantIsolation("AgeChange"), SameClientForeignKey("AgeChange", "subject", "Subject")]
