"""The tables of the decision log; that of single decisions has a partition for each day."""

import django.core.validators
import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
import simple_history.models
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables

_DECISIONS = """
CREATE TABLE consent_loggeddecision (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    at timestamptz NOT NULL,
    key_id uuid NOT NULL,
    purpose varchar(63) NOT NULL,
    action varchar(8) NOT NULL,
    reason varchar(64) NOT NULL,
    pseudonym uuid,
    xact bigint NOT NULL,
    PRIMARY KEY (client_id, id, at)
) PARTITION BY RANGE (at);
CREATE INDEX loggeddecision_in_order ON consent_loggeddecision (client_id, xact, id);
CREATE INDEX loggeddecision_of_person ON consent_loggeddecision (client_id, pseudonym, purpose, at);
"""

class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_a_staff_change_has_a_ground'),
        ('consent', '0005_changes_are_by_two_people'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalDecisionLogSetting',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('mode', models.CharField(choices=[('off', 'Nothing'), ('counts', 'Counts by hour'), ('every', 'Every decision')], default='counts', max_length=8, verbose_name='what is logged')),
                    ('days_kept', models.PositiveSmallIntegerField(default=30, help_text='How many days single decisions are kept, from 1 to 90. Counts are kept longer.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='days kept')),
                    ('ground', models.TextField(blank=True, help_text='Needed to log less, or for fewer days, than now. Do not name people.', max_length=2000)),
                    ('every_since', models.DateTimeField(editable=False, null=True, verbose_name='every decision since')),
                    ('changed_at', models.DateTimeField(editable=False)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'historical decision log',
                    'verbose_name_plural': 'historical decision logs',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='DecisionCount',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('hour', models.DateTimeField()),
                    ('key_id', models.UUIDField()),
                    ('purpose', models.CharField(blank=True, max_length=63)),
                    ('action', models.CharField(blank=True, max_length=8)),
                    ('reason', models.CharField(max_length=64)),
                    ('number', models.PositiveBigIntegerField()),
                    ('xact', models.BigIntegerField()),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'indexes': [models.Index(fields=['client', 'xact', 'id'], name='decisioncount_in_order')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'hour', 'key_id', 'purpose', 'action', 'reason'), name='decisioncount_once')],
                },
            ),
            migrations.CreateModel(
                name='DecisionLogSetting',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('mode', models.CharField(choices=[('off', 'Nothing'), ('counts', 'Counts by hour'), ('every', 'Every decision')], default='counts', max_length=8, verbose_name='what is logged')),
                    ('days_kept', models.PositiveSmallIntegerField(default=30, help_text='How many days single decisions are kept, from 1 to 90. Counts are kept longer.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='days kept')),
                    ('ground', models.TextField(blank=True, help_text='Needed to log less, or for fewer days, than now. Do not name people.', max_length=2000)),
                    ('pseudonyms', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('every_since', models.DateTimeField(editable=False, null=True, verbose_name='every decision since')),
                    ('changed_at', models.DateTimeField(editable=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'decision log',
                    'verbose_name_plural': 'decision logs',
                    'ordering': ['client', 'id'],
                    'constraints': [models.UniqueConstraint(fields=('client',), name='decisionlogsetting_once'), models.CheckConstraint(condition=models.Q(('days_kept__range', (1, 90))), name='decisionlogsetting_days'), models.CheckConstraint(condition=models.Q(models.Q(('every_since__isnull', False), ('mode', 'every')), models.Q(models.Q(('mode', 'every'), _negated=True), ('every_since', None)), _connector='OR'), name='decisionlogsetting_since')],
                },
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_DECISIONS, "DROP TABLE consent_loggeddecision")],
            state_operations=[
                migrations.CreateModel(
                    name='LoggedDecision',
                    fields=[
                        ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                        ('at', models.DateTimeField()),
                        ('key_id', models.UUIDField()),
                        ('purpose', models.CharField(blank=True, max_length=63)),
                        ('action', models.CharField(blank=True, max_length=8)),
                        ('reason', models.CharField(max_length=64)),
                        ('pseudonym', models.UUIDField(null=True)),
                        ('xact', models.BigIntegerField()),
                        ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['client', 'xact', 'id'], name='loggeddecision_in_order'), models.Index(fields=['client', 'pseudonym', 'purpose', 'at'], name='loggeddecision_of_person')],
                    },
                ),
            ],
        ),
    ]
