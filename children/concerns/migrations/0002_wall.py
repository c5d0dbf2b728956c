"""Concerns behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("concerns", "0001_concerns"), ("subjects", "0012_rosters_wall")]
    operations = [
        Walled("Concern"),
        BelongsTo("Concern", "child", "subjects.Subject"),
        BelongsTo("Concern", "guardian", "subjects.Subject"),
    ]
