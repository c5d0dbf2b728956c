"""Guardians of a roster whose relationship is another one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0002_tenancy'),
    ]

    operations = [
        migrations.AlterField(
            model_name='guardianclaim',
            name='relationship',
            field=models.CharField(choices=[('parent', 'Parent'), ('guardian', 'Guardian'), ('relative', 'Relative'), ('other', 'Other')], max_length=16),
        ),
        migrations.AlterField(
            model_name='historicalguardianclaim',
            name='relationship',
            field=models.CharField(choices=[('parent', 'Parent'), ('guardian', 'Guardian'), ('relative', 'Relative'), ('other', 'Other')], max_length=16),
        ),
    ]
