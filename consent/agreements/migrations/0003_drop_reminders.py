"""Drop the table of reminders: the ledger has them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agreements", "0002_tenancy")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("DROP TABLE IF EXISTS agreements_attestationreminder", migrations.RunSQL.noop)
            ],
            state_operations=[migrations.DeleteModel("AttestationReminder")],
        )
    ]
