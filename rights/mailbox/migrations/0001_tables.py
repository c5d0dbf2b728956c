"""The tables of mailbox."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('requests', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='CaseAddress',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('token_hash', models.CharField(max_length=64)),
                    ('token', models.BinaryField(null=True)),
                    ('created_at', models.DateTimeField()),
                ],
                options={
                    'indexes': [models.Index(fields=['token_hash'], name='caseaddress_by_token')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'token_hash'), name='caseaddress_token_once'), models.UniqueConstraint(fields=('client', 'request'), name='caseaddress_one_a_request')],
                },
            ),
            migrations.CreateModel(
                name='MailboxCheck',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('read_at', models.DateTimeField(null=True)),
                    ('failing_since', models.DateTimeField(null=True)),
                    ('error', models.CharField(blank=True, choices=[('unreachable', 'The server could not be reached'), ('not_encrypted', 'The connection could not be encrypted'), ('login', 'User name or password was refused'), ('folder', 'The folder does not exist'), ('protocol', 'The server answered unexpectedly'), ('not_stored', 'An email could not be stored; it is tried again')], default='', max_length=16)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client',), name='mailboxcheck_once'), models.CheckConstraint(condition=models.Q(models.Q(('error', ''), ('failing_since', None)), models.Q(('failing_since__isnull', False), models.Q(('error', ''), _negated=True)), _connector='OR'), name='mailboxcheck_failing_has_error')],
                },
            ),
            migrations.CreateModel(
                name='MailMessage',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('direction', models.CharField(choices=[('in', 'Received'), ('out', 'Sent')], default='in', max_length=3)),
                    ('state', models.CharField(choices=[('request', 'Became a request'), ('added', 'Added to a request'), ('repeated', 'Same text again within a day'), ('moved', 'Moved with its request to another client'), ('aside', 'Set aside, to be looked at'), ('unreadable', 'Could not be read'), ('settled', 'Nothing to do'), ('acknowledgement', 'Acknowledgement')], max_length=16)),
                    ('aside_reason', models.CharField(blank=True, choices=[('sender', 'No sender, or more than one'), ('own', 'Sent from our own address'), ('bounce', 'A failure report'), ('automatic', 'An automatic message'), ('list', 'A mailing list or bulk email'), ('recipients', 'Too many recipients'), ('quota', 'Too many emails from this address in a day')], default='', max_length=16)),
                    ('message_key', models.BinaryField(null=True)),
                    ('content_key', models.BinaryField(null=True)),
                    ('content', models.BinaryField(null=True)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('letter', models.UUIDField(null=True)),
                    ('size', models.PositiveIntegerField(default=0, verbose_name='size in bytes')),
                    ('files', models.PositiveSmallIntegerField(default=0)),
                    ('received_at', models.DateTimeField(verbose_name='received')),
                    ('settled_at', models.DateTimeField(null=True, verbose_name='settled')),
                ],
                options={
                    'verbose_name': 'message',
                    'verbose_name_plural': 'messages',
                    'ordering': ['-received_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'request', 'received_at'], name='mailmessage_of_request'), models.Index(fields=['message_key'], name='mailmessage_by_key'), models.Index(fields=['client', 'content_key', '-received_at'], name='mailmessage_by_content'), models.Index(condition=models.Q(('wrapped__isnull', False)), fields=['settled_at'], name='mailmessage_settled'), models.Index(condition=models.Q(('state__in', ['aside', 'unreadable'])), fields=['client', 'received_at', 'id'], name='mailmessage_waiting'), models.Index(condition=models.Q(('state__in', ['aside', 'unreadable'])), fields=['received_at', 'id'], name='mailmessage_waiting_all'), models.Index(fields=['client', '-received_at', '-id'], name='mailmessage_by_time'), models.Index(fields=['-received_at', '-id'], name='mailmessage_by_time_all'), models.Index(fields=['client', 'state', '-received_at', '-id'], name='mailmessage_by_state'), models.Index(fields=['state', '-received_at', '-id'], name='mailmessage_by_state_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'message_key'), name='mailmessage_once'), models.CheckConstraint(condition=models.Q(('request', None), models.Q(('epoch', None), ('wrapped', None)), _connector='OR'), name='mailmessage_one_key'), models.CheckConstraint(condition=models.Q(models.Q(('direction', 'in'), ('letter', None), ('message_key__isnull', False)), models.Q(('content', None), ('direction', 'out'), ('letter__isnull', False), ('message_key', None)), _connector='OR'), name='mailmessage_in_or_out'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['request', 'added']), _negated=True), ('request__isnull', False), _connector='OR'), name='mailmessage_of_request')],
                },
            ),
        ),
    ]
