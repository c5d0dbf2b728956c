"""The tables of staff."""

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
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
                name='Counter',
                fields=[
                    ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                    ('value', models.JSONField()),
                    ('expires_at', models.DateTimeField(db_index=True, null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Provider',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('ground', models.TextField(blank=True, max_length=2000)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('issuer', models.CharField(help_text='Address of the provider without “/.well-known/openid-configuration”, exactly as the provider states it.', max_length=500)),
                    ('application_id', models.CharField(help_text='The identifier that the provider gave to this portal.', max_length=255, verbose_name='client ID')),
                    ('domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), help_text='Domains of the institution’s own email addresses, such as school.example.', verbose_name='email domains')),
                    ('honours_second_factor', models.BooleanField(default=False, help_text='If the provider says that a second factor was used, the portal asks for none. Otherwise the portal asks for its own.', verbose_name='second factor of the provider counts')),
                    ('required_at', models.DateTimeField(editable=False, null=True, verbose_name='required since')),
                    ('ended_at', models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'single sign-on',
                    'verbose_name_plural': 'single sign-on',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='signonprovider_by_time'), models.Index(fields=['-requested_at', '-id'], name='signonprovider_by_time_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None), ('state', 'approved')), fields=('client',), name='signonprovider_one_in_force'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client',), name='signonprovider_one_waiting'), models.CheckConstraint(condition=models.Q(('client', uuid.UUID('01900000-0000-7000-8000-000000000001')), _negated=True), name='signonprovider_not_of_officers'), models.CheckConstraint(condition=models.Q(('state', 'approved'), models.Q(('ended_at', None), ('required_at', None)), _connector='OR'), name='signonprovider_only_approved_ones_act'), models.CheckConstraint(condition=models.Q(('domains__len__gte', 1), ('domains__len__lte', 20)), name='signonprovider_has_domains'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='signonprovider_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='signonprovider_settled_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='signonprovider_has_a_ground')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalProvider',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('ground', models.TextField(blank=True, max_length=2000)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('issuer', models.CharField(help_text='Address of the provider without “/.well-known/openid-configuration”, exactly as the provider states it.', max_length=500)),
                    ('application_id', models.CharField(help_text='The identifier that the provider gave to this portal.', max_length=255, verbose_name='client ID')),
                    ('domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), help_text='Domains of the institution’s own email addresses, such as school.example.', verbose_name='email domains')),
                    ('honours_second_factor', models.BooleanField(default=False, help_text='If the provider says that a second factor was used, the portal asks for none. Otherwise the portal asks for its own.', verbose_name='second factor of the provider counts')),
                    ('required_at', models.DateTimeField(editable=False, null=True, verbose_name='required since')),
                    ('ended_at', models.DateTimeField(editable=False, null=True)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical single sign-on',
                    'verbose_name_plural': 'historical single sign-on',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='SignOnLink',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('issuer', models.CharField(max_length=500)),
                    ('subject', models.CharField(max_length=255)),
                    ('linked_at', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name': 'linked school account',
                    'verbose_name_plural': 'linked school accounts',
                    'ordering': ['-linked_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-linked_at', '-id'], name='signonlink_by_time'), models.Index(fields=['-linked_at', '-id'], name='signonlink_by_time_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'issuer', 'subject'), name='signonlink_one_user'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'issuer', 'user'), name='signonlink_one_account')],
                },
            ),
            migrations.CreateModel(
                name='AccessReview',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('quarter', models.DateField()),
                    ('locks_on', models.DateField(verbose_name='locked on')),
                    ('opened_at', models.DateTimeField()),
                    ('confirmed', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list)),
                    ('closed_at', models.DateTimeField(null=True)),
                    ('locked_count', models.PositiveIntegerField(db_default=0, default=0, verbose_name='locked memberships')),
                ],
                options={
                    'verbose_name': 'review of access',
                    'verbose_name_plural': 'reviews of access',
                    'ordering': ['-opened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-opened_at', '-id'], name='accessreview_by_time'), models.Index(fields=['-opened_at', '-id'], name='accessreview_by_time_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'quarter'), name='accessreview_one_each_quarter')],
                },
            ),
            migrations.CreateModel(
                name='ProviderSecret',
                fields=[
                    ('provider', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='secret', serialize=False, to='staff.provider')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('epoch', models.PositiveIntegerField()),
                    ('wrapped', models.BinaryField()),
                ],
                options={
                    'indexes': [models.Index(fields=['epoch'], name='signonsecret_by_epoch')],
                },
            ),
        ),
    ]
