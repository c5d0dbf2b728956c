"""Concerns behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("concerns", "0001_concerns"), ("subjects", "0012_rosters_wall")]
    operations = [
        TenantIsolation("Concern"),
        SameClientForeignKey("Concern", "child", "subjects.Subject"),
        SameClientForeignKey("Concern", "guardian", "subjects.Subject"),
    ]
