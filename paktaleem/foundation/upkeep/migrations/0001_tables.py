"""The tables of upkeep."""

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
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
            migrations.CreateModel(
                name='HistoricalPortalPeriod',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('kind', models.CharField(max_length=63)),
                    ('length', models.PositiveIntegerField()),
                    ('changed_at', models.DateTimeField()),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical period of the portal’s own data',
                    'verbose_name_plural': 'historical periods of the portal’s own data',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='DisposalRun',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(max_length=63)),
                    ('ran_at', models.DateTimeField()),
                    ('rows', models.PositiveBigIntegerField()),
                    ('rows_ever', models.PositiveBigIntegerField()),
                    ('last_rows_at', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name': 'run of a disposal',
                    'constraints': [models.UniqueConstraint(fields=('client', 'kind'), name='disposalrun_once_per_kind')],
                },
            ),
            migrations.CreateModel(
                name='PortalPeriod',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(max_length=63)),
                    ('length', models.PositiveIntegerField()),
                    ('changed_at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': 'period of the portal’s own data',
                    'verbose_name_plural': 'periods of the portal’s own data',
                    'constraints': [models.UniqueConstraint(fields=('client', 'kind'), name='portalperiod_once_per_kind'), models.CheckConstraint(condition=models.Q(('length__gt', 0)), name='portalperiod_above_zero')],
                },
            ),
            migrations.CreateModel(
                name='Run',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(max_length=63)),
                    ('total', models.PositiveIntegerField()),
                    ('done', models.PositiveIntegerField(db_default=0, default=0)),
                    ('started_by', models.UUIDField(null=True)),
                    ('started_at', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text='Schools of limited staff who began it, to whom it is shown. None: the whole client.', null=True)),
                ],
                options={
                    'ordering': ['-started_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-started_at', '-id'], name='run_by_time'), models.Index(fields=['-started_at', '-id'], name='run_by_time_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['kind', 'started_at'], name='run_open')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='run_ends_after_start')],
                },
            ),
        ),
    ]
