"""The tables of packages."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('files', '0001_tables'),
        ('people', '0001_tables'),
        ('requests', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Package',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('state', models.CharField(choices=[('collecting', 'Waits for decisions and systems'), ('choosing', 'Content to be chosen, since not everything is granted'), ('building', 'Being built'), ('ready', 'Ready'), ('failed', 'Could not be built'), ('ended', 'Deleted')], default='collecting', max_length=16)),
                    ('left_out', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), db_default=[], default=list)),
                    ('is_chosen', models.BooleanField(default=False, help_text='Staff have chosen the content.')),
                    ('collected_from', models.DateTimeField()),
                    ('created_at', models.DateTimeField()),
                    ('failure', models.CharField(blank=True, choices=[('too_large', 'Too large'), ('defect', 'A technical fault')], db_default='', default='', max_length=16)),
                    ('built_at', models.DateTimeField(null=True)),
                    ('expires_at', models.DateTimeField(null=True)),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('manifest_hash', models.CharField(blank=True, help_text='SHA-256 of manifest.json, in hexadecimal.', max_length=64)),
                ],
                options={
                    'ordering': ['-created_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='package_of_subject'), models.Index(fields=['client', 'request'], name='package_of_request'), models.Index(condition=models.Q(('ended_at', None)), fields=['client', 'expires_at'], name='package_live'), models.Index(condition=models.Q(('state', 'failed')), fields=['client'], name='package_failed')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'request'), name='package_one_live_per_request'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('state', 'ended')), models.Q(models.Q(('state', 'ended'), _negated=True), ('ended_at', None)), _connector='OR'), name='package_ended_is_final'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('built_at__isnull', False), ('file__isnull', False)), _connector='OR'), name='package_ready_has_file'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('failure', ''), _negated=True), _connector='OR'), name='package_failed_says_why')],
                },
            ),
            migrations.CreateModel(
                name='PackageDownload',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('package', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='packages.package')),
                    ('way', models.CharField(choices=[('own_page', 'On the page of the person or guardian, with a code'), ('by_hand', 'Handed over by staff')], max_length=16)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'package'], name='packagedownload_of_package')],
                },
            ),
        ),
    ]
