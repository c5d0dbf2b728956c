"""The tables of ageing."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='ComingOfAge',
                fields=[
                ],
                options={
                    'verbose_name': 'child who reaches the age of consent',
                    'verbose_name_plural': 'calendar of the age of consent',
                    'proxy': True,
                },
                bases=('people.subject',),
            ),
            migrations.CreateModel(
                name='AgeNotice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], editable=False, max_length=16)),
                    ('actor_id', models.UUIDField(editable=False)),
                    ('actor_role', models.CharField(editable=False, max_length=32)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('given_at', models.DateTimeField(verbose_name='sent')),
                    ('guardians', models.PositiveSmallIntegerField(help_text='How many guardians were notified.')),
                    ('person', models.BooleanField(help_text='Whether the young person was notified.')),
                ],
                options={
                    'verbose_name': 'notice of the age of consent',
                    'verbose_name_plural': 'notices of the age of consent',
                    'ordering': ['-given_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject', 'given_at'], name='agenotice_of_person'), models.Index(fields=['client', '-given_at', '-id'], name='agenotice_by_time'), models.Index(fields=['-given_at', '-id'], name='agenotice_by_time_all')],
                },
            ),
        ),
    ]
