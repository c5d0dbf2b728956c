"""What happened to accounts, behind the wall and append-only."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0006_subject_events")]
    operations = [
        Walled("SubjectEvent"),
        AppendOnly("SubjectEvent"),
        BelongsTo("SubjectEvent", "subject", "Subject"),
    ]
