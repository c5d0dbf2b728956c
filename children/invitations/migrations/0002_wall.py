"""Invitations behind the wall."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("invitations", "0001_invitations"), ("subjects", "0012_rosters_wall")]
    operations = [
        Walled("Invitation"),
        BelongsTo("Invitation", "child", "subjects.Subject"),
        BelongsTo("Invitation", "guardian", "subjects.Subject"),
    ]
