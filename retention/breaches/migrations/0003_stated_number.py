"""The number of people concerned by a breach that staff state."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('breaches', '0002_tenancy'),
    ]

    operations = [
        migrations.AddField(
            model_name='breachassessment',
            name='stated',
            field=models.PositiveIntegerField(null=True),
        ),
    ]
