"""Table of runs of long acts."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Run',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('kind', models.CharField(max_length=63)),
                    ('total', models.PositiveIntegerField()),
                    ('done', models.PositiveIntegerField(db_default=0, default=0)),
                    ('started_by', models.UUIDField(null=True)),
                    ('started_at', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text='Schools of limited staff who began it, to whom it is shown. None: the whole client.', null=True, size=None)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'ordering': ['-started_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-started_at', '-id'], name='run_by_time'), models.Index(fields=['-started_at', '-id'], name='run_by_time_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['kind', 'started_at'], name='run_open')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='run_ends_after_start')],
                },
            ),
            migrations.CreateModel(
                name='StepProgress',
                fields=[
                    ('key', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                    ('done', models.PositiveIntegerField()),
                    ('total', models.PositiveIntegerField()),
                ],
                options={
                    'verbose_name_plural': 'step progress',
                },
            ),
        ),
    ]
