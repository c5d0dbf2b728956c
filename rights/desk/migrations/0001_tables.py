"""Tasks, letters and hand-overs of rights requests."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.conf import settings
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("rights", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HandOver',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('number', models.CharField(max_length=16)),
                    ('from_request', models.UUIDField()),
                    ('to_request', models.UUIDField()),
                    ('at', models.DateTimeField()),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('from_client', models.UUIDField()),
                    ('to_client', models.UUIDField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'from_request'), name='handover_once'), models.UniqueConstraint(fields=('client', 'to_request'), name='handover_of_one'), models.CheckConstraint(condition=models.Q(('from_client', models.F('to_client')), _negated=True), name='handover_to_another_client')],
                },
            ),
            migrations.CreateModel(
                name='RequestLetter',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('occasion', models.CharField(choices=[('acknowledgement', 'Acknowledgement'), ('identity', 'Identity needed'), ('clarification', 'Clarification needed'), ('notice', 'Reasoned notice'), ('grant', 'Grant'), ('partial', 'Partial grant'), ('refusal', 'Refusal'), ('closing', 'Closing')], max_length=16)),
                    ('language', models.CharField(max_length=8)),
                    ('way', models.CharField(choices=[('mail', 'Email to the contact on file'), ('by_hand', 'Printed and handed over')], max_length=16)),
                    ('text', models.BinaryField(null=True)),
                    ('message_id', models.UUIDField(null=True)),
                    ('at', models.DateTimeField()),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.rightsrequest')),
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
                    ('kind', models.CharField(choices=[('call', 'Call the person at the number on file'), ('inform', 'Inform the person of the request'), ('read', 'Read a new email about the request'), ('ask_client', 'Ask the client'), ('check_system', 'Check a system'), ('write', 'Write a letter'), ('other', 'Something else')], max_length=16, verbose_name='task')),
                    ('detail', models.BinaryField(null=True)),
                    ('due_on', models.DateField(verbose_name='due')),
                    ('created_at', models.DateTimeField()),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                    ('done_by', models.UUIDField(null=True)),
                    ('assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.rightsrequest')),
                ],
                options={
                    'verbose_name': 'task',
                    'verbose_name_plural': 'tasks about rights requests',
                    'ordering': ['due_on', 'id'],
                    'indexes': [models.Index(fields=['client', 'request', 'id'], name='rightstask_of_request'), models.Index(condition=models.Q(('done_at', None), ('kind', 'call')), fields=['request'], include=('client',), name='rightstask_calls'), models.Index(condition=models.Q(('done_at', None)), fields=['assignee', 'due_on', 'id'], name='rightstask_of_user'), models.Index(condition=models.Q(('done_at', None)), fields=['client', 'due_on', 'id'], name='rightstask_open'), models.Index(condition=models.Q(('done_at', None)), fields=['due_on', 'id'], name='rightstask_open_all'), models.Index(condition=models.Q(('assignee', None), ('done_at', None)), fields=['client', 'due_on', 'id'], name='rightstask_unassigned'), models.Index(condition=models.Q(('assignee', None), ('done_at', None)), fields=['due_on', 'id'], name='rightstask_unassigned_all'), models.Index(fields=['client', 'due_on', 'id'], name='rightstask_all_by_due'), models.Index(fields=['due_on', 'id'], name='rightstask_all_by_due_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='rightstask_done_by_someone')],
                },
            ),
        )
    ]
