"""The tables of mail."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Letter',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('kind', models.CharField(max_length=63)),
                    ('language', models.CharField(max_length=8)),
                    ('channel', models.CharField(choices=[('mail', 'Email'), ('text', 'Text message')], max_length=8)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('to_address', models.BooleanField(default=False, help_text='The recipient is neither a person nor staff.')),
                    ('address', models.BinaryField(null=True)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('related_id', models.UUIDField(help_text='The request, invitation or notice it is about.', null=True)),
                    ('context', models.BinaryField(null=True)),
                    ('state', models.CharField(choices=[('queued', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed')], default='queued', max_length=8)),
                    ('attempts', models.PositiveSmallIntegerField(default=0)),
                    ('last_error', models.CharField(blank=True, choices=[('no_address', 'The recipient has no address for this channel'), ('recipient_gone', 'The recipient was erased or is disabled'), ('expired', 'The message has expired'), ('refused', 'Rejected by the email or text message server'), ('unreachable', 'The server could not be reached'), ('no_provider', 'No text message provider is configured')], max_length=16)),
                    ('message_id', models.CharField(blank=True, max_length=255)),
                    ('queued_at', models.DateTimeField()),
                    ('due_at', models.DateTimeField(help_text='Time of the next attempt.')),
                    ('expires_at', models.DateTimeField(null=True)),
                    ('sent_at', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name': 'email or text message',
                    'verbose_name_plural': 'emails and text messages',
                    'ordering': ['-queued_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'related_id'], name='letter_about'), models.Index(fields=['client', '-queued_at', '-id'], name='letter_by_time'), models.Index(fields=['-queued_at', '-id'], name='letter_by_time_all'), models.Index(fields=['client', 'state', '-queued_at', '-id'], name='letter_by_state'), models.Index(fields=['state', '-queued_at', '-id'], name='letter_by_state_all'), models.Index(fields=['client', 'channel', '-queued_at', '-id'], name='letter_by_channel'), models.Index(fields=['channel', '-queued_at', '-id'], name='letter_by_channel_all'), models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='letter_waiting'), models.Index(condition=models.Q(('wrapped__isnull', False)), fields=['expires_at'], name='letter_with_address')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('subject__isnull', False), ('to_address', False), ('user', None)), models.Q(('subject', None), ('to_address', False), ('user__isnull', False)), models.Q(('subject', None), ('to_address', True), ('user', None)), _connector='OR'), name='letter_has_one_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('address', None), ('epoch', None), ('wrapped', None)), models.Q(('address__isnull', False), ('epoch__isnull', False), ('to_address', True), ('wrapped__isnull', False)), _connector='OR'), name='letter_address_has_a_key'), models.CheckConstraint(condition=models.Q(('to_address', False), ('expires_at__isnull', False), _connector='OR'), name='letter_to_address_expires'), models.CheckConstraint(condition=models.Q(models.Q(('context', None), ('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='letter_sent_has_its_moment'), models.CheckConstraint(condition=models.Q(('expires_at', None), ('expires_at__gt', models.F('queued_at')), _connector='OR'), name='letter_expires_later')],
                },
            ),
        ),
    ]
