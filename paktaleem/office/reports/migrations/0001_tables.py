"""The tables of reports."""

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
                name='RegulatorPack',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('since_on', models.DateField(help_text='The first day of the period.', verbose_name='from')),
                    ('until_on', models.DateField(help_text='The last day of the period.', verbose_name='up to and including')),
                    ('state', models.CharField(choices=[('gathering', 'Being gathered'), ('ready', 'Ready'), ('failed', 'Could not be gathered')], default='gathering', editable=False, max_length=16)),
                    ('parts', models.JSONField(default=dict, editable=False)),
                    ('done', models.PositiveSmallIntegerField(default=0, editable=False)),
                    ('reason_code', models.CharField(editable=False, max_length=32)),
                    ('requester_id', models.UUIDField(editable=False)),
                    ('requested_role', models.CharField(editable=False, max_length=32)),
                    ('requested_at', models.DateTimeField(editable=False, verbose_name='requested')),
                    ('ready_at', models.DateTimeField(editable=False, null=True, verbose_name='ready')),
                ],
                options={
                    'verbose_name': 'pack for a regulator',
                    'verbose_name_plural': 'packs for regulators',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='regulatorpack_by_time'), models.Index(fields=['-requested_at', '-id'], name='regulatorpack_by_time_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('since_on__lte', models.F('until_on'))), name='regulatorpack_period'), models.CheckConstraint(condition=models.Q(models.Q(('ready_at__isnull', False), ('state', 'ready')), models.Q(models.Q(('state', 'ready'), _negated=True), ('ready_at', None)), _connector='OR'), name='regulatorpack_ready_has_a_time')],
                },
            ),
            migrations.CreateModel(
                name='PackContent',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('body', models.TextField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('entry_id', models.UUIDField()),
                    ('issued_at', models.DateTimeField()),
                    ('pack', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.regulatorpack')),
                ],
                options={
                    'ordering': ['issued_at', 'id'],
                    'abstract': False,
                    'constraints': [models.UniqueConstraint(fields=('client', 'pack'), name='packcontent_one_per_pack')],
                },
            ),
            migrations.CreateModel(
                name='WeeklyCount',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('week', models.DateField()),
                    ('measure', models.CharField(choices=[('consents', 'Consents given and withdrawn'), ('answers', 'Rights requests answered in time'), ('decisions', 'Recorded decisions'), ('holdings', 'Holdings by age')], max_length=16)),
                    ('code', models.CharField(max_length=16)),
                    ('number', models.PositiveBigIntegerField()),
                    ('counted_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-week', 'measure', 'code'],
                    'indexes': [models.Index(fields=['week'], name='weekly_by_week')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'week', 'measure', 'code'), name='weekly_once')],
                },
            ),
        ),
    ]
