"""Drop the table of reminders: the ledger has them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("breaches", "0003_stated_number")]
    operations = [migrations.DeleteModel("BreachReminder")]
