"""Orders whose answer contradicts what their system had reported."""

from django.db import migrations, models

STATES = [
    ("queued", "Waiting to be fetched"),
    ("sent", "Sent to the system"),
    ("accepted", "In progress"),
    ("confirmed", "Done"),
    ("not_found", "No such person there"),
    ("failed", "Failed"),
    ("disputed", "Contradicts what was reported"),
    ("not_applicable", "Not applicable"),
    ("waived", "Waived"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("systems", "0003_end_by_two_people"),
    ]

    operations = [
        migrations.AlterField(
            model_name='order',
            name='state',
            field=models.CharField(choices=STATES, default='queued', max_length=16),
        ),
        migrations.AlterField(
            model_name='orderalert',
            name='state',
            field=models.CharField(choices=STATES, max_length=16),
        ),
        migrations.AlterField(
            model_name='orderstep',
            name='state',
            field=models.CharField(choices=STATES, max_length=16),
        ),
    ]
