"""Further kinds of changes to safeguards."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0002_tenancy'),
    ]

    operations = [
        migrations.AlterField(
            model_name='safeguardchange',
            name='kind',
            field=models.CharField(choices=[('basis', 'A lawful basis other than consent'), ('capacity', 'PakTaleem decides instead of the client'), ('account', 'Also for people whose account is closed'), ('words', 'Other words for a purpose in use'), ('restriction', 'A restriction of processing is lifted'), ('retention', 'Data is disposed of earlier, or without a review'), ('cookie', 'Visitors are not asked about a cookie'), ('recipient', 'Data goes to another recipient'), ('quarantine', 'Data of a child leaves quarantine'), ('collection', 'A denied collection counts as lawful'), ('suspension', 'A suspended agreement is resumed'), ('hold', 'A hold is lifted'), ('breach', 'A breach is closed'), ('disposal', 'A large disposal')], max_length=16),
        ),
    ]
