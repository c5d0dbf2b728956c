"""The tables of security."""

import django.db.models.deletion
import uuid
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('files', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='SecurityAssessment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('file_kind', models.CharField(max_length=16)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('added_by', models.UUIDField()),
                    ('added_at', models.DateTimeField()),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=uuid.UUID('01900000-0000-7000-8000-000000000001'), editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(choices=[('penetration_test', 'Penetration test'), ('vulnerability_scan', 'Vulnerability scan'), ('review', 'Review of code or configuration'), ('audit', 'Audit'), ('dpia', 'Security part of an impact assessment')], max_length=24)),
                    ('scope', models.TextField(help_text='What was assessed, and how. Do not name people.', max_length=4000)),
                    ('done_by', models.CharField(help_text='The company or team, and if it is independent. Do not name people.', max_length=200, verbose_name='done by')),
                    ('done_on', models.DateField(verbose_name='last day')),
                    ('next_on', models.DateField(help_text='When the next assessment of this kind takes place at the latest.', verbose_name='next due')),
                ],
                options={
                    'verbose_name': 'security assessment',
                    'verbose_name_plural': 'security assessments',
                    'ordering': ['-done_on', '-added_at', '-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('client_id', uuid.UUID('01900000-0000-7000-8000-000000000001'))), name='securityassessment_of_paktaleem'), models.CheckConstraint(condition=models.Q(models.Q(('scope', ''), _negated=True), models.Q(('done_by', ''), _negated=True)), name='securityassessment_described'), models.CheckConstraint(condition=models.Q(('next_on__gt', models.F('done_on'))), name='securityassessment_next_is_later', violation_error_message='Choose a day after the assessment.')],
                },
            ),
            migrations.CreateModel(
                name='SecurityEvent',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(max_length=64)),
                    ('severity', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'medium'), (3, 'high'), (4, 'critical')])),
                    ('happened_at', models.DateTimeField(verbose_name='first time')),
                    ('last_at', models.DateTimeField(verbose_name='last time')),
                    ('count', models.PositiveIntegerField(db_default=1, default=1, verbose_name='times')),
                    ('actor_kind', models.CharField(blank=True, db_default='', default='', max_length=16)),
                    ('actor_id', models.UUIDField(null=True)),
                    ('actor_role', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('source', models.CharField(blank=True, db_default='', default='', max_length=64)),
                    ('hour', models.DateTimeField(null=True)),
                    ('entry', models.UUIDField(null=True)),
                    ('alerted_at', models.DateTimeField(null=True, verbose_name='officers alerted')),
                ],
                options={
                    'verbose_name': 'security event',
                    'ordering': ['-happened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-happened_at', '-id'], name='securityevent_by_time'), models.Index(fields=['-happened_at', '-id'], name='securityevent_by_time_all'), models.Index(fields=['client', 'severity', '-happened_at', '-id'], name='securityevent_by_severity'), models.Index(fields=['severity', '-happened_at', '-id'], name='securityevent_by_severity_all'), models.Index(condition=models.Q(('alerted_at', None)), fields=['client', '-happened_at', '-id'], name='securityevent_not_alerted'), models.Index(condition=models.Q(('alerted_at', None)), fields=['-happened_at', '-id'], name='securityevent_not_alerted_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'entry'), name='securityevent_once_for_entry'), models.UniqueConstraint(condition=models.Q(('entry', None)), fields=('client', 'kind', 'source', 'hour'), name='securityevent_one_each_hour')],
                },
            ),
        ),
    ]
