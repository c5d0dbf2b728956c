"""Uploaded rosters behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("subjects", "0011_rosters")]
    operations = [
        TenantIsolation("RosterImport"),
        TenantIsolation("RosterChunk"),
        SameClientForeignKey("RosterChunk", "roster", "RosterImport"),
    ]
