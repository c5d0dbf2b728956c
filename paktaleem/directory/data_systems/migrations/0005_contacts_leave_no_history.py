"""Contacts of systems are taken out of the history, which cannot be erased."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('data_systems', '0004_has_a_ground'),
    ]

    operations = [
        migrations.AlterField(  # so that the column can come back
            model_name='historicalsystem',
            name='contact',
            field=models.EmailField(default='', max_length=254),
        ),
        migrations.RemoveField(
            model_name='historicalsystem',
            name='contact',
        ),
    ]
