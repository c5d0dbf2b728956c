"""Drop the count of builds and the time of the last one: the queue tries a failed build again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("packages", "0002_tenancy")]
    operations = [migrations.RemoveField("package", "attempts"), migrations.RemoveField("package", "tried_at")]
