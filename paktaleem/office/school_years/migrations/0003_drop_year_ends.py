"""Drop the tables of prepared ends of school years: the act is done at once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("school_years", "0002_tenancy")]
    operations = [
        migrations.DeleteModel("YearEndPerson"),
        migrations.DeleteModel("YearEndClass"),
        migrations.DeleteModel("YearEnd"),
    ]
