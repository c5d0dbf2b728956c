"""Drop the table of scheduled steps: the timeline of a request has them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("requests", "0002_tenancy")]
    operations = [migrations.DeleteModel("ScheduledStep")]
