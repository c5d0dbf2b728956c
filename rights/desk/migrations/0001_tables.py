"""The tables of desk."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('requests', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='AuthorityCase',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('authority', models.CharField(max_length=200)),
                    ('reference', models.BinaryField(null=True)),
                    ('opened_on', models.DateField(verbose_name='opened on')),
                    ('outcome', models.CharField(blank=True, choices=[('upheld', 'Upheld'), ('partly', 'Partly upheld'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('settled', 'Settled')], default='', max_length=16)),
                    ('measures', models.BinaryField(null=True)),
                    ('ended_on', models.DateField(null=True, verbose_name='ended on')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                ],
                options={
                    'verbose_name': 'authority case',
                    'verbose_name_plural': 'authority cases',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'request'], name='authoritycase_of_request'), models.Index(fields=['client', '-recorded_at', '-id'], name='authoritycase_by_time'), models.Index(fields=['-recorded_at', '-id'], name='authoritycase_by_time_all'), models.Index(fields=['client', 'outcome', '-recorded_at', '-id'], name='authoritycase_by_outcome'), models.Index(fields=['outcome', '-recorded_at', '-id'], name='authoritycase_by_outcome_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_on', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('ended_on__isnull', False)), _connector='OR'), name='authoritycase_ends_with_outcome')],
                },
            ),
            migrations.CreateModel(
                name='LiftNotice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('restriction', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.restriction')),
                    ('way', models.CharField(choices=[('mail', 'Email to the contact on file'), ('by_hand', 'By telephone, in person or in writing')], max_length=16)),
                    ('informed_by', models.UUIDField()),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'restriction'], name='liftnotice_of_restriction')],
                },
            ),
            migrations.CreateModel(
                name='Overruling',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('objection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.objection')),
                    ('ground', models.BinaryField(null=True)),
                ],
                options={
                    'ordering': ['requested_at', 'id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='overruling_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='overruling_settled_by_someone'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'objection'), name='overruling_one_waiting')],
                },
            ),
            migrations.CreateModel(
                name='RequestLetter',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('occasion', models.CharField(choices=[('acknowledgement', 'Acknowledgement'), ('identity', 'Identity needed'), ('clarification', 'Clarification needed'), ('notice', 'Reasoned notice'), ('grant', 'Grant'), ('partial', 'Partial grant'), ('refusal', 'Refusal'), ('closing', 'Closing')], max_length=16)),
                    ('language', models.CharField(max_length=8)),
                    ('way', models.CharField(choices=[('mail', 'Email to the contact on file'), ('by_hand', 'Printed and handed over')], max_length=16)),
                    ('text', models.BinaryField(null=True)),
                    ('message_id', models.UUIDField(null=True)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'request', 'at', 'id'], name='rightsletter_of_request')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('message_id__isnull', False), ('way', 'mail')), models.Q(('message_id', None), ('way', 'by_hand')), _connector='OR'), name='rightsletter_has_its_message')],
                },
            ),
            migrations.CreateModel(
                name='RequestTask',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('kind', models.CharField(choices=[('call', 'Call the person at the number on file'), ('inform', 'Inform the person of the request'), ('read', 'Read a new email about the request'), ('ask_client', 'Ask the client'), ('check_system', 'Check a system'), ('write', 'Write a letter'), ('authority', 'Answer the supervisory authority'), ('other', 'Something else')], max_length=16, verbose_name='task')),
                    ('detail', models.BinaryField(null=True)),
                    ('assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('due_on', models.DateField(verbose_name='due')),
                    ('created_at', models.DateTimeField()),
                    ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                    ('done_by', models.UUIDField(null=True)),
                ],
                options={
                    'verbose_name': 'task',
                    'verbose_name_plural': 'tasks about rights requests',
                    'ordering': ['due_on', 'id'],
                    'indexes': [models.Index(fields=['client', 'request', 'id'], name='rightstask_of_request'), models.Index(condition=models.Q(('done_at', None), ('kind', 'call')), fields=['request'], include=('client',), name='rightstask_calls'), models.Index(condition=models.Q(('done_at', None)), fields=['assignee', 'due_on', 'id'], name='rightstask_of_user'), models.Index(condition=models.Q(('done_at', None)), fields=['client', 'due_on', 'id'], name='rightstask_open'), models.Index(condition=models.Q(('done_at', None)), fields=['due_on', 'id'], name='rightstask_open_all'), models.Index(condition=models.Q(('assignee', None), ('done_at', None)), fields=['client', 'due_on', 'id'], name='rightstask_unassigned'), models.Index(condition=models.Q(('assignee', None), ('done_at', None)), fields=['due_on', 'id'], name='rightstask_unassigned_all'), models.Index(fields=['client', 'due_on', 'id'], name='rightstask_all_by_due'), models.Index(fields=['due_on', 'id'], name='rightstask_all_by_due_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='rightstask_done_by_someone')],
                },
            ),
        ),
    ]
