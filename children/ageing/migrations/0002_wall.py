"""Notices of coming of age behind the wall, as evidence."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("ageing", "0001_ageing"), ("subjects", "0014_age_changes_wall")]
    operations = [
        TenantIsolation("AgeNotice"),
        AppendOnly("AgeNotice"),
        SameClientForeignKey("AgeNotice", "subject", "subjects.Subject"),
    ]
