"""Restricted data, as a cause why a holding is sent back."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('disposals', '0004_hold_of_every_record'),
    ]

    operations = [
        migrations.AlterField(
            model_name='item',
            name='cause',
            field=models.CharField(blank=True, choices=[('gone', 'The data is no longer held'), ('being_erased', 'The person is or was erased'), ('held', 'On hold'), ('restricted', 'The person has restricted the processing'), ('used', 'Collected or used since it was flagged'), ('rule_changed', 'The rule or the due date changed'), ('not_due', 'No longer due'), ('elsewhere', 'Another system still needs this data of the person'), ('cancelled', 'The batch was cancelled')], db_default='', default='', max_length=16),
        ),
    ]
