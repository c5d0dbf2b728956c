"""Uploaded rosters behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0011_rosters")]
    operations = [
        Walled("RosterImport"),
        Walled("RosterChunk"),
        BelongsTo("RosterChunk", "roster", "RosterImport"),
    ]
