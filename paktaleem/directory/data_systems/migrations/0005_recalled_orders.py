"""Orders that a hold recalled."""

from django.db import migrations, models

STATES = [
    ("queued", "Waiting to be fetched"),
    ("sent", "Sent to the system"),
    ("accepted", "In progress"),
    ("confirmed", "Done"),
    ("not_found", "No such person there"),
    ("failed", "Failed"),
    ("disputed", "Contradicts what was reported"),
    ("recalled", "Recalled by a hold"),
    ("not_applicable", "Not applicable"),
    ("waived", "Waived"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("systems", "0004_disputed_orders"),
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
