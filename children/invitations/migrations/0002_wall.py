"""Invitations behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("invitations", "0001_invitations"), ("subjects", "0012_rosters_wall")]
    operations = [
        TenantIsolation("Invitation"),
        SameClientForeignKey("Invitation", "child", "subjects.Subject"),
        SameClientForeignKey("Invitation", "guardian", "subjects.Subject"),
    ]
