"""The side that placed a hold, which alone may lift it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schedule', '0002_tenancy'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalhold',
            name='is_of_client',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Otherwise by an officer.', verbose_name='placed by the client'),
        ),
        migrations.AddField(
            model_name='hold',
            name='is_of_client',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Otherwise by an officer.', verbose_name='placed by the client'),
        ),
    ]
