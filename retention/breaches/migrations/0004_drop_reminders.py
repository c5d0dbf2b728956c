"""Drop the table of reminders: the ledger has them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("breaches", "0003_stated_number")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("DROP TABLE IF EXISTS breaches_breachreminder", migrations.RunSQL.noop)
            ],
            state_operations=[migrations.DeleteModel("BreachReminder")],
        )
    ]
