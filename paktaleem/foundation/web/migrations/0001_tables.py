"""The tables of web."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='KeptAnswer',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('slot', models.BinaryField(max_length=32)),
                    ('fingerprint', models.BinaryField(max_length=32)),
                    ('status', models.PositiveSmallIntegerField()),
                    ('headers', models.JSONField()),
                    ('body', models.BinaryField()),
                    ('stored_at', models.DateTimeField()),
                ],
                options={
                    'indexes': [models.Index(fields=['client', 'stored_at'], name='keptanswer_by_age')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'slot'), name='keptanswer_once_per_slot')],
                },
            ),
        ),
    ]
