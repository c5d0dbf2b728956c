"""What happened to accounts, behind the wall and append-only."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("subjects", "0006_subject_events")]
    operations = [
        TenantIsolation("SubjectEvent"),
        AppendOnly("SubjectEvent"),
        SameClientForeignKey("SubjectEvent", "subject", "Subject"),
    ]
