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
                name='UseFinding',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('ground', models.TextField(blank=True, db_default='', default='', max_length=2000, verbose_name='ground in words')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                    ('decided_by', models.UUIDField(null=True)),
                    ('decided_role', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('kind', models.CharField(choices=[('not_asked', 'No permitted question before it'), ('denied', 'Done after a denial'), ('never_asks', 'A key that never asks'), ('unusual', 'An unusual hour or volume')], max_length=16, verbose_name='finding')),
                    ('what', models.CharField(choices=[('collection', 'Collection'), ('disclosure', 'Disclosure'), ('key', 'API key')], max_length=16, verbose_name='about')),
                    ('source_id', models.UUIDField(null=True)),
                    ('source', models.CharField(blank=True, max_length=200, verbose_name='system or key')),
                    ('purpose', models.CharField(blank=True, max_length=63)),
                    ('number', models.PositiveBigIntegerField()),
                    ('first_on', models.DateField(verbose_name='first day')),
                    ('last_on', models.DateField(verbose_name='last day')),
                    ('found_at', models.DateTimeField(verbose_name='found')),
                    ('decision', models.CharField(blank=True, choices=[('explained', 'Explained'), ('mended', 'The system now asks and obeys'), ('erased', 'The data has been erased'), ('stopped', 'The key or the system has been stopped')], db_default='', default='', max_length=16)),
                ],
                options={
                    'verbose_name': 'finding about the use of data',
                    'verbose_name_plural': 'findings about the use of data',
                    'ordering': ['-found_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-found_at', '-id'], name='usefinding_by_time'), models.Index(fields=['-found_at', '-id'], name='usefinding_by_time_all'), models.Index(condition=models.Q(('decided_at', None)), fields=['client', 'found_at', 'id'], name='usefinding_open'), models.Index(condition=models.Q(('decided_at', None)), fields=['found_at', 'id'], name='usefinding_open_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('client', 'kind', 'what', 'source_id', 'purpose'), name='usefinding_one_open', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('first_on__lte', models.F('last_on'))), name='usefinding_days'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decision', ''), ('ground', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True), models.Q(('ground', ''), _negated=True)), _connector='OR'), name='usefinding_decided_with_ground')],
                },
            ),
            migrations.CreateModel(
                name='WeeklyCount',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('week', models.DateField()),
                    ('measure', models.CharField(choices=[('consents', 'Consents given and withdrawn'), ('answers', 'Rights requests answered in time'), ('questions', 'Questions that systems asked'), ('decisions', 'Recorded decisions'), ('holdings', 'Holdings by age')], max_length=16)),
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
