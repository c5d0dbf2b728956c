"""Large exports of lists, and the sealed parts of their files."""

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
                name='ListExport',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('list', models.CharField(max_length=80)),
                    ('format', models.CharField(max_length=8)),
                    ('capability', models.CharField(help_text='What the person must be allowed to see the list.', max_length=64)),
                    ('reason_code', models.CharField(max_length=32)),
                    ('facts', models.JSONField(help_text='What the ledger says about the request.')),
                    ('query', models.BinaryField(null=True)),
                    ('state', models.CharField(choices=[('writing', 'Being written'), ('ready', 'Ready'), ('stopped', 'Stopped: no file'), ('ended', 'Deleted')], default='writing', max_length=16)),
                    ('stop_reason', models.CharField(blank=True, choices=[('access_lost', 'the person’s role no longer allows it.'), ('not_possible', 'a filter of the list is no longer valid. Export the list again with other filters.'), ('defect', 'a technical fault. Export the list again.')], db_default='', default='', max_length=16)),
                    ('total', models.PositiveIntegerField()),
                    ('done', models.PositiveIntegerField(db_default=0, default=0)),
                    ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                    ('started_by', models.UUIDField()),
                    ('started_role', models.CharField(max_length=32)),
                    ('is_across_clients', models.BooleanField(default=False)),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, null=True)),
                    ('requested_at', models.DateTimeField(verbose_name='requested')),
                    ('received_at', models.DateTimeField(help_text='When the request arrived, on the system clock.')),
                    ('expires_at', models.DateTimeField(verbose_name='available until')),
                    ('ended_at', models.DateTimeField(help_text='When the file was ready, or the worker stopped.', null=True)),
                    ('size', models.PositiveBigIntegerField(db_default=0, default=0, help_text='Bytes of the file.')),
                    ('downloads', models.PositiveIntegerField(db_default=0, default=0)),
                    ('fetched_at', models.DateTimeField(null=True)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'export of a list',
                    'verbose_name_plural': 'exports of lists',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [
                        models.Index(fields=['client', '-requested_at', '-id'], name='listexport_by_time'),
                        models.Index(fields=['-requested_at', '-id'], name='listexport_by_time_all'),
                        models.Index(condition=models.Q(('wrapped__isnull', False)), fields=['expires_at'], name='listexport_with_key'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'writing')), models.Q(models.Q(('state', 'writing'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='listexport_ends_with_its_work'),
                        models.CheckConstraint(condition=models.Q(models.Q(('state', 'stopped'), _negated=True), models.Q(('stop_reason', ''), _negated=True), _connector='OR'), name='listexport_stopped_says_why'),
                        models.CheckConstraint(condition=models.Q(models.Q(('state', 'ended'), _negated=True), ('wrapped', None), _connector='OR'), name='listexport_ended_has_no_key'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='ExportChunk',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('number', models.PositiveIntegerField()),
                    ('sealed', models.BinaryField(null=True)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('export', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exports.listexport')),
                ],
                options={
                    'constraints': [
                        models.UniqueConstraint(fields=('client', 'export', 'number'), name='exportchunk_in_order'),
                    ],
                },
            ),
        ),
    ]
