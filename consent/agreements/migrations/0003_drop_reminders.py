"""Drop the table of reminders: the ledger has them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agreements", "0002_tenancy")]
    operations = [migrations.DeleteModel("AttestationReminder")]
