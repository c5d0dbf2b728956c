"""Safeguards that two people weaken: a quarantine, and a collection that was denied."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0013_note_retention_of_limited_staff'),
    ]

    operations = [
        migrations.AlterField(
            model_name='safeguardchange',
            name='kind',
            field=models.CharField(choices=[('basis', 'A lawful basis other than consent'), ('capacity', 'PakTaleem decides instead of the client'), ('account', 'Also for people whose account is closed'), ('words', 'Other words for a purpose in use'), ('restriction', 'A restriction of processing is lifted'), ('retention', 'Data is disposed of earlier, or without a review'), ('cookie', 'Visitors are not asked about a cookie'), ('recipient', 'Data goes to another recipient'), ('quarantine', 'Data of a child leaves quarantine'), ('collection', 'A denied collection counts as lawful')], max_length=16),
        ),
    ]
