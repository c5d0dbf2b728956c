"""The tables of accounts."""

import datetime
import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalClient',
                fields=[
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('code', models.CharField(db_index=True, help_text='Short name in the API and in addresses, such as mehran: a–z, 0–9 and _. It cannot be changed.', max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')])),
                    ('name', models.CharField(max_length=200)),
                    ('country', models.CharField(max_length=2, validators=[django.core.validators.RegexValidator('\\A[A-Z]{2}\\Z', 'Use the two-letter ISO 3166 code, such as PK.')])),
                    ('address', models.CharField(blank=True, db_default='', default='', help_text='Street, city and postal code, as printed on receipts.', max_length=300, verbose_name='postal address')),
                    ('time_zone', models.CharField(max_length=64)),
                    ('serves_minors', models.BooleanField(default=True)),
                    ('age_threshold', models.PositiveSmallIntegerField(default=13, help_text='A guardian decides for people below this age in years. At least 13; higher if the law requires it.', validators=[django.core.validators.MinValueValidator(13), django.core.validators.MaxValueValidator(21)])),
                    ('country_thresholds', models.JSONField(blank=True, db_default={}, default=dict, help_text='For countries of residence whose law sets a different age. The age threshold applies to all others.', verbose_name='age thresholds by country')),
                    ('is_sandbox', models.BooleanField(default=False, help_text='A test environment for developers, without real people. Cannot be changed later.')),
                    ('clock_offset', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), editable=False, help_text="How far a sandbox's clock is ahead.")),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical client',
                    'verbose_name_plural': 'historical clients',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalUser',
                fields=[
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('email', models.EmailField(max_length=254, verbose_name='email address')),
                    ('full_name', models.CharField(max_length=200)),
                    ('is_active', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical user',
                    'verbose_name_plural': 'historical users',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('email', models.EmailField(max_length=254, verbose_name='email address')),
                    ('full_name', models.CharField(max_length=200)),
                    ('language', models.CharField(choices=[('en', 'English'), ('ur', 'اردو')], default='en', help_text="Set to the language of the user's latest sign-in.", max_length=8, verbose_name='language of emails')),
                    ('time_zone', models.CharField(blank=True, db_default='', default='', help_text="In which the console shows times. Empty: the client's, for PakTaleem's staff the installation's.", max_length=64)),
                    ('is_active', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('sessions_ended_at', models.DateTimeField(editable=False, help_text='Earlier sessions are over.', null=True)),
                ],
                options={
                    'ordering': ['email'],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique')],
                },
            ),
            migrations.CreateModel(
                name='Client',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('code', models.CharField(help_text='Short name in the API and in addresses, such as mehran: a–z, 0–9 and _. It cannot be changed.', max_length=63, unique=True, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')])),
                    ('name', models.CharField(max_length=200)),
                    ('country', models.CharField(max_length=2, validators=[django.core.validators.RegexValidator('\\A[A-Z]{2}\\Z', 'Use the two-letter ISO 3166 code, such as PK.')])),
                    ('address', models.CharField(blank=True, db_default='', default='', help_text='Street, city and postal code, as printed on receipts.', max_length=300, verbose_name='postal address')),
                    ('time_zone', models.CharField(max_length=64)),
                    ('serves_minors', models.BooleanField(default=True)),
                    ('age_threshold', models.PositiveSmallIntegerField(default=13, help_text='A guardian decides for people below this age in years. At least 13; higher if the law requires it.', validators=[django.core.validators.MinValueValidator(13), django.core.validators.MaxValueValidator(21)])),
                    ('country_thresholds', models.JSONField(blank=True, db_default={}, default=dict, help_text='For countries of residence whose law sets a different age. The age threshold applies to all others.', verbose_name='age thresholds by country')),
                    ('is_sandbox', models.BooleanField(default=False, help_text='A test environment for developers, without real people. Cannot be changed later.')),
                    ('clock_offset', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), editable=False, help_text="How far a sandbox's clock is ahead.")),
                    ('created_at', models.DateTimeField(editable=False)),
                ],
                options={
                    'ordering': ['name'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('age_threshold__range', (13, 21))), name='client_age_threshold_13_to_21'), models.CheckConstraint(condition=models.Q(('clock_offset', datetime.timedelta(0)), models.Q(('clock_offset__gt', datetime.timedelta(0)), ('clock_offset__lte', datetime.timedelta(days=9150)), ('is_sandbox', True)), _connector='OR'), name='client_clock_moves_in_sandboxes_only'), models.CheckConstraint(condition=models.Q(('is_sandbox', False), models.Q(('id', uuid.UUID('01900000-0000-7000-8000-000000000001')), _negated=True), _connector='OR'), name='client_paktaleem_is_no_sandbox'), models.CheckConstraint(condition=models.Q(('code__in', ('children', 'code', 'compare', 'decide', 'give', 'leave', 'link', 'mine', 'notices', 'receipt', 'versions')), _negated=True), name='client_code_is_no_address_of_ours', violation_error_message="This code is used in the portal's own URLs. Choose another.")],
                },
            ),
            migrations.CreateModel(
                name='HistoricalApiKey',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('name', models.CharField(help_text='The system that uses the key.', max_length=100)),
                    ('prefix', models.CharField(editable=False, help_text='The first characters of the key, for identification.', max_length=16)),
                    ('is_test', models.BooleanField(db_default=False, default=False, editable=False, help_text='Key of a sandbox; the database checks it against the client.')),
                    ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32))),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('expires_at', models.DateTimeField()),
                    ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical API key',
                    'verbose_name_plural': 'historical API keys',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalMembership',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('role', models.CharField(choices=[('privacy_officer', 'Privacy officer'), ('support_agent', 'Support agent'), ('auditor', 'Auditor'), ('client_admin', 'Client administrator'), ('client_auditor', 'Client auditor')], max_length=32)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('suspended_at', models.DateTimeField(editable=False, null=True, verbose_name='locked since')),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text='Ids of the schools whose people the member sees. None: everyone of the client.', null=True, verbose_name='limited to schools')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical membership',
                    'verbose_name_plural': 'historical memberships',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalStaffChange',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('act', models.CharField(choices=[('grant_role', 'Give a role'), ('change_role', 'Widen a role'), ('enable', 'Re-enable the account'), ('reset_password', 'Send a link to set a new password'), ('reset_factor', 'Reset the second factor'), ('change_email', 'Change the email address')], max_length=16)),
                    ('role', models.CharField(blank=True, choices=[('privacy_officer', 'Privacy officer'), ('support_agent', 'Support agent'), ('auditor', 'Auditor'), ('client_admin', 'Client administrator'), ('client_auditor', 'Client auditor')], default='', max_length=32)),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, null=True, verbose_name='limited to schools')),
                    ('email', models.EmailField(blank=True, default='', max_length=254, verbose_name='new email address')),
                    ('reason', models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=24)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical change of staff',
                    'verbose_name_plural': 'historical changes of staff',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ApiKey',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('name', models.CharField(help_text='The system that uses the key.', max_length=100)),
                    ('prefix', models.CharField(editable=False, help_text='The first characters of the key, for identification.', max_length=16)),
                    ('digest', models.BinaryField(max_length=32)),
                    ('is_test', models.BooleanField(db_default=False, default=False, editable=False, help_text='Key of a sandbox; the database checks it against the client.')),
                    ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32))),
                    ('created_at', models.DateTimeField(editable=False)),
                    ('expires_at', models.DateTimeField()),
                    ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'API key',
                    'ordering': ['-created_at'],
                    'indexes': [models.Index(fields=['digest'], name='apikey_by_digest')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'digest'), name='apikey_digest_unique'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='apikey_expires_later'), models.CheckConstraint(condition=models.Q(models.Q(('is_test', True), ('prefix__startswith', 'ptk_test_')), models.Q(('is_test', False), models.Q(('prefix__startswith', 'ptk_test_'), _negated=True)), ('revoked_at__isnull', False), _connector='OR'), name='apikey_test_keys_show_it')],
                },
            ),
            migrations.CreateModel(
                name='ClientChange',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('changes', models.JSONField()),
                    ('ground', models.TextField(max_length=2000)),
                ],
                options={
                    'verbose_name': 'change of a client',
                    'verbose_name_plural': 'changes of clients',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='clientchange_by_time'), models.Index(fields=['-requested_at', '-id'], name='clientchange_by_time_all'), models.Index(fields=['client', 'state', '-requested_at', '-id'], name='clientchange_by_state'), models.Index(fields=['state', '-requested_at', '-id'], name='clientchange_by_state_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client',), name='clientchange_one_waiting'), models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='clientchange_has_a_ground'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='clientchange_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='clientchange_settled_by_someone')],
                },
            ),
            migrations.CreateModel(
                name='Membership',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('role', models.CharField(choices=[('privacy_officer', 'Privacy officer'), ('support_agent', 'Support agent'), ('auditor', 'Auditor'), ('client_admin', 'Client administrator'), ('client_auditor', 'Client auditor')], max_length=32)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('suspended_at', models.DateTimeField(editable=False, null=True, verbose_name='locked since')),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text='Ids of the schools whose people the member sees. None: everyone of the client.', null=True, verbose_name='limited to schools')),
                ],
                options={
                    'ordering': ['user__email'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('client', 'user'), name='membership_one_open_per_client'), models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['auditor', 'privacy_officer', 'support_agent']), _negated=True), ('client', uuid.UUID('01900000-0000-7000-8000-000000000001')), _connector='OR'), name='membership_officers_belong_to_paktaleem', violation_error_message="Officer roles are for PakTaleem only. Choose a role for the client's staff."), models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='membership_ends_after_start'), models.CheckConstraint(condition=models.Q(('school_ids', None), models.Q(models.Q(('client', uuid.UUID('01900000-0000-7000-8000-000000000001')), _negated=True), ('school_ids__len__gt', 0)), _connector='OR'), name='membership_limit_names_schools')],
                },
            ),
            migrations.CreateModel(
                name='StaffChange',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('act', models.CharField(choices=[('grant_role', 'Give a role'), ('change_role', 'Widen a role'), ('enable', 'Re-enable the account'), ('reset_password', 'Send a link to set a new password'), ('reset_factor', 'Reset the second factor'), ('change_email', 'Change the email address')], max_length=16)),
                    ('role', models.CharField(blank=True, choices=[('privacy_officer', 'Privacy officer'), ('support_agent', 'Support agent'), ('auditor', 'Auditor'), ('client_admin', 'Client administrator'), ('client_auditor', 'Client auditor')], default='', max_length=32)),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, null=True, verbose_name='limited to schools')),
                    ('email', models.EmailField(blank=True, default='', max_length=254, verbose_name='new email address')),
                    ('reason', models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=24)),
                ],
                options={
                    'verbose_name': 'change of staff',
                    'verbose_name_plural': 'changes of staff',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='staffchange_by_time'), models.Index(fields=['-requested_at', '-id'], name='staffchange_by_time_all'), models.Index(fields=['client', 'state', '-requested_at', '-id'], name='staffchange_by_state'), models.Index(fields=['state', '-requested_at', '-id'], name='staffchange_by_state_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'user', 'act'), name='staffchange_one_waiting'), models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['grant_role', 'change_role']), _negated=True), models.Q(('role', ''), _negated=True), _connector='OR'), name='staffchange_roles_are_named'), models.CheckConstraint(condition=models.Q(models.Q(('act', 'change_email'), _negated=True), models.Q(('email', ''), _negated=True), _connector='OR'), name='staffchange_addresses_are_named'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('user')), _negated=True), _connector='OR'), name='staffchange_not_by_its_user'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='staffchange_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='staffchange_settled_by_someone')],
                },
            ),
            migrations.CreateModel(
                name='StaffTie',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('maker', models.UUIDField()),
                    ('kind', models.CharField(choices=[('role', 'Gave a role'), ('enabled', 'Re-enabled the account'), ('link', 'Sent a link to set a password'), ('factor', 'Reset the second factor')], max_length=16)),
                    ('began_at', models.DateTimeField()),
                    ('open_until', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name': 'tie of staff',
                    'verbose_name_plural': 'ties of staff',
                    'indexes': [models.Index(fields=['user', 'maker'], name='stafftie_by_people')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('user', models.F('maker')), _negated=True), name='stafftie_of_two_people'), models.CheckConstraint(condition=models.Q(('kind__in', ['link', 'factor']), ('open_until', None), _connector='OR'), name='stafftie_open_resets_only')],
                },
            ),
        ),
    ]
