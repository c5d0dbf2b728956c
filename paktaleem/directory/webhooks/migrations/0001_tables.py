"""The tables of webhooks."""

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
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
                name='Endpoint',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('name', models.CharField(blank=True, help_text='Name of the system.', max_length=100)),
                    ('url', models.CharField(help_text='https, port 443 or 8443, a public host.', max_length=2000, verbose_name='address')),
                    ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), help_text='Types such as consent.withdrawn, or whole families: consent.*')),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('disabled_at', models.DateTimeField(editable=False, null=True)),
                    ('disabled_because', models.CharField(blank=True, choices=[('by_hand', 'Switched off'), ('gone', 'The receiver answered 410 Gone'), ('failing', 'Failing for days')], editable=False, max_length=8)),
                    ('removed_at', models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'webhook',
                    'ordering': ['-created_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-created_at', '-id'], name='endpoint_by_time'), models.Index(fields=['-created_at', '-id'], name='endpoint_by_time_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('disabled_at', None), ('disabled_because', '')), models.Q(('disabled_at__isnull', False), models.Q(('disabled_because', ''), _negated=True)), _connector='OR'), name='endpoint_disabled_has_its_reason'), models.CheckConstraint(condition=models.Q(('events__len__gte', 1)), name='endpoint_is_told_something')],
                },
            ),
            migrations.CreateModel(
                name='EndpointSecret',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('endpoint', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='secrets', to='webhooks.endpoint')),
                    ('epoch', models.PositiveIntegerField()),
                    ('wrapped', models.BinaryField()),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['-starts_at', '-id'],
                    'indexes': [models.Index(fields=['epoch'], name='secret_by_epoch')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='secret_ends_later'), models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('client', 'endpoint'), name='secret_one_without_end')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalEndpoint',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('name', models.CharField(blank=True, help_text='Name of the system.', max_length=100)),
                    ('url', models.CharField(help_text='https, port 443 or 8443, a public host.', max_length=2000, verbose_name='address')),
                    ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), help_text='Types such as consent.withdrawn, or whole families: consent.*')),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('disabled_at', models.DateTimeField(editable=False, null=True)),
                    ('disabled_because', models.CharField(blank=True, choices=[('by_hand', 'Switched off'), ('gone', 'The receiver answered 410 Gone'), ('failing', 'Failing for days')], editable=False, max_length=8)),
                    ('removed_at', models.DateTimeField(editable=False, null=True)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical webhook',
                    'verbose_name_plural': 'historical webhooks',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('type', models.CharField(max_length=64)),
                    ('entry_id', models.UUIDField(help_text="The ledger entry, which may be PakTaleem's own.", null=True)),
                    ('subject_id', models.UUIDField(null=True)),
                    ('data', models.JSONField()),
                    ('happened_at', models.DateTimeField()),
                    ('is_shared', models.BooleanField(default=False, help_text='Event at PakTaleem that is published to every client.')),
                    ('spread_at', models.DateTimeField(help_text='When it was copied to every client.', null=True)),
                ],
                options={
                    'ordering': ['-happened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-happened_at', '-id'], name='message_by_time'), models.Index(fields=['-happened_at', '-id'], name='message_by_time_all'), models.Index(condition=models.Q(('is_shared', True), ('spread_at', None)), fields=['happened_at'], name='message_to_spread')],
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('endpoint', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='webhooks.endpoint')),
                    ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='webhooks.message')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('failed', 'Given up')], default='waiting', max_length=9)),
                    ('attempts', models.PositiveSmallIntegerField(default=0)),
                    ('queued_at', models.DateTimeField()),
                    ('due_at', models.DateTimeField()),
                    ('done_at', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name_plural': 'deliveries',
                    'ordering': ['-queued_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-queued_at', '-id'], name='delivery_by_time'), models.Index(fields=['-queued_at', '-id'], name='delivery_by_time_all'), models.Index(fields=['client', 'state', '-queued_at', '-id'], name='delivery_by_state'), models.Index(fields=['state', '-queued_at', '-id'], name='delivery_by_state_all'), models.Index(condition=models.Q(('state', 'waiting')), fields=['endpoint', 'due_at'], name='delivery_waiting')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'message', 'endpoint'), name='delivery_once'), models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('done_at__isnull', False)), _connector='OR'), name='delivery_done_has_its_moment')],
                },
            ),
            migrations.CreateModel(
                name='Attempt',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('delivery', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='webhooks.delivery')),
                    ('started_at', models.DateTimeField()),
                    ('milliseconds', models.PositiveIntegerField()),
                    ('status', models.PositiveSmallIntegerField(null=True)),
                    ('error', models.CharField(blank=True, choices=[('dns', 'Host name not found'), ('connect', 'No connection'), ('tls', 'The certificate is not valid'), ('timeout', 'No response in time'), ('protocol', 'The response was not HTTP'), ('refused', 'The address is not on the public internet')], max_length=8)),
                ],
                options={
                    'ordering': ['-started_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'delivery', 'started_at'], name='attempt_of_delivery')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('status', None), models.Q(('error', ''), _negated=True)), models.Q(('error', ''), ('status__isnull', False)), _connector='OR'), name='attempt_has_one_end')],
                },
            ),
            migrations.CreateModel(
                name='EndpointHealth',
                fields=[
                    ('endpoint', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='health', serialize=False, to='webhooks.endpoint')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('leased_until', models.DateTimeField(help_text='Lease: until then only one worker sends to it.', null=True)),
                    ('rests_until', models.DateTimeField(help_text='Back-off: until then nothing is sent to it.', null=True)),
                    ('failures', models.PositiveIntegerField(default=0, help_text='Failed attempts in a row.')),
                    ('failing_since', models.DateTimeField(null=True)),
                    ('answered_at', models.DateTimeField(help_text='Time of the last successful delivery.', null=True)),
                ],
                options={
                    'verbose_name_plural': 'endpoint health',
                },
            ),
        ),
    ]
