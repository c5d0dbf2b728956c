"""The tables of schedule."""

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('data_systems', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalHold',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('kind', models.CharField(choices=[('legal', 'Legal hold'), ('complaint', 'Complaint'), ('open_request', 'Open rights request')], max_length=16)),
                    ('ground', models.TextField(help_text='About the case only; do not name people.', max_length=2000, verbose_name='ground in words')),
                    ('category', models.CharField(blank=True, max_length=63, verbose_name='data category')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('review_on', models.DateField(verbose_name='review day')),
                    ('related_kind', models.CharField(blank=True, editable=False, max_length=32)),
                    ('related_id', models.UUIDField(editable=False, null=True)),
                    ('placed_at', models.DateTimeField(editable=False)),
                    ('placed_kind', models.CharField(editable=False, max_length=16)),
                    ('placed_by', models.UUIDField(editable=False)),
                    ('is_of_client', models.BooleanField(db_default=False, default=False, editable=False, help_text='Otherwise by an officer.', verbose_name='placed by the client')),
                    ('lifted_at', models.DateTimeField(editable=False, null=True)),
                    ('lifted_by', models.UUIDField(editable=False, null=True)),
                    ('lift_ground', models.TextField(blank=True, editable=False, max_length=2000, verbose_name='ground for lifting')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.subject')),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='data_systems.system')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical hold',
                    'verbose_name_plural': 'historical holds',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalRetentionRule',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('category', models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')], verbose_name='data category')),
                    ('purpose_owner', models.UUIDField(editable=False)),
                    ('role', models.CharField(blank=True, choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian')], help_text='Leave empty for every role.', max_length=16)),
                    ('trigger', models.CharField(choices=[('account_closed', 'Account closed'), ('agreement_ended', 'Service agreement ended'), ('consent_withdrawn', 'Consent withdrawn or ended'), ('last_activity', 'Last activity'), ('collected', 'Last collection'), ('fixed_day', 'A fixed day'), ('school_year_ended', 'End of the school year')], max_length=24, verbose_name='counted from')),
                    ('fixed_on', models.DateField(blank=True, help_text='Only if counted from a fixed day.', null=True, verbose_name='fixed day')),
                    ('period', models.CharField(help_text='ISO 8601: P90D (days), P6M (months), P1Y (years), P1Y6M. Above zero.', max_length=16)),
                    ('action', models.CharField(choices=[('delete', 'Delete'), ('anonymise', 'Anonymise')], max_length=16, verbose_name='then')),
                    ('method', models.CharField(blank=True, choices=[('drop', 'Drop what identifies the person'), ('generalise', 'Generalise to groups'), ('keyed_pseudonym', 'Pseudonym whose key is destroyed')], help_text='Only if the data is anonymised.', max_length=24)),
                    ('is_automatic', models.BooleanField(db_default=False, default=False, help_text='What is due is disposed of without a review, unless it is more than one person may approve.', verbose_name='dispose without review')),
                    ('ground_en', models.CharField(help_text='Why this long: published.', max_length=500, verbose_name='ground (English)')),
                    ('ground_ur', models.CharField(max_length=500, verbose_name='ground (Urdu)')),
                    ('minimum', models.CharField(blank=True, help_text='Shared rules only: no client may keep the data for less.', max_length=16)),
                    ('maximum', models.CharField(blank=True, help_text='Shared rules only: no client may keep the data for longer.', max_length=16)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('purpose', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.purpose')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical retention rule',
                    'verbose_name_plural': 'historical retention rules',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Hold',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(choices=[('legal', 'Legal hold'), ('complaint', 'Complaint'), ('open_request', 'Open rights request')], max_length=16)),
                    ('ground', models.TextField(help_text='About the case only; do not name people.', max_length=2000, verbose_name='ground in words')),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('category', models.CharField(blank=True, max_length=63, verbose_name='data category')),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('review_on', models.DateField(verbose_name='review day')),
                    ('related_kind', models.CharField(blank=True, editable=False, max_length=32)),
                    ('related_id', models.UUIDField(editable=False, null=True)),
                    ('placed_at', models.DateTimeField(editable=False)),
                    ('placed_kind', models.CharField(editable=False, max_length=16)),
                    ('placed_by', models.UUIDField(editable=False)),
                    ('is_of_client', models.BooleanField(db_default=False, default=False, editable=False, help_text='Otherwise by an officer.', verbose_name='placed by the client')),
                    ('lifted_at', models.DateTimeField(editable=False, null=True)),
                    ('lifted_by', models.UUIDField(editable=False, null=True)),
                    ('lift_ground', models.TextField(blank=True, editable=False, max_length=2000, verbose_name='ground for lifting')),
                ],
                options={
                    'ordering': ['-placed_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-placed_at', '-id'], name='hold_by_time'), models.Index(fields=['-placed_at', '-id'], name='hold_by_time_all'), models.Index(condition=models.Q(('lifted_at', None)), fields=['client', 'review_on', 'id'], name='hold_open_by_review'), models.Index(condition=models.Q(('lifted_at', None)), fields=['review_on', 'id'], name='hold_open_by_review_all'), models.Index(condition=models.Q(('lifted_at', None)), fields=['client', 'subject'], name='hold_open_of_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='hold_has_a_ground'), models.CheckConstraint(condition=models.Q(models.Q(('lift_ground', ''), ('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__gte', models.F('placed_at')), ('lifted_by__isnull', False), models.Q(('lift_ground', ''), _negated=True)), _connector='OR'), name='hold_lifted_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('related_id', None), ('related_kind', '')), models.Q(models.Q(('related_kind', ''), _negated=True), ('related_id__isnull', False)), _connector='OR'), name='hold_related_is_whole'), models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('related_id__isnull', False)), fields=('client', 'related_kind', 'related_id', 'subject', 'category', 'system'), name='hold_one_open_of_a_case', nulls_distinct=False)],
                },
            ),
            migrations.CreateModel(
                name='RetentionRule',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('category', models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')], verbose_name='data category')),
                    ('purpose', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.purpose')),
                    ('purpose_owner', models.UUIDField(editable=False)),
                    ('role', models.CharField(blank=True, choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian')], help_text='Leave empty for every role.', max_length=16)),
                    ('trigger', models.CharField(choices=[('account_closed', 'Account closed'), ('agreement_ended', 'Service agreement ended'), ('consent_withdrawn', 'Consent withdrawn or ended'), ('last_activity', 'Last activity'), ('collected', 'Last collection'), ('fixed_day', 'A fixed day'), ('school_year_ended', 'End of the school year')], max_length=24, verbose_name='counted from')),
                    ('fixed_on', models.DateField(blank=True, help_text='Only if counted from a fixed day.', null=True, verbose_name='fixed day')),
                    ('period', models.CharField(help_text='ISO 8601: P90D (days), P6M (months), P1Y (years), P1Y6M. Above zero.', max_length=16)),
                    ('action', models.CharField(choices=[('delete', 'Delete'), ('anonymise', 'Anonymise')], max_length=16, verbose_name='then')),
                    ('method', models.CharField(blank=True, choices=[('drop', 'Drop what identifies the person'), ('generalise', 'Generalise to groups'), ('keyed_pseudonym', 'Pseudonym whose key is destroyed')], help_text='Only if the data is anonymised.', max_length=24)),
                    ('is_automatic', models.BooleanField(db_default=False, default=False, help_text='What is due is disposed of without a review, unless it is more than one person may approve.', verbose_name='dispose without review')),
                    ('ground_en', models.CharField(help_text='Why this long: published.', max_length=500, verbose_name='ground (English)')),
                    ('ground_ur', models.CharField(max_length=500, verbose_name='ground (Urdu)')),
                    ('minimum', models.CharField(blank=True, help_text='Shared rules only: no client may keep the data for less.', max_length=16)),
                    ('maximum', models.CharField(blank=True, help_text='Shared rules only: no client may keep the data for longer.', max_length=16)),
                ],
                options={
                    'verbose_name': 'retention rule',
                    'ordering': ['category', 'purpose__code', 'role', '-starts_at'],
                    'indexes': [models.Index(fields=['client', '-starts_at', '-id'], name='retentionrule_by_start'), models.Index(fields=['-starts_at', '-id'], name='retentionrule_by_start_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'category', 'purpose', 'role', 'starts_at'), name='retentionrule_one_per_start', violation_error_message='A rule with the same scope starts on this day: choose another start.'), models.CheckConstraint(condition=models.Q(('period__regex', '^P(?=\\d)(\\d{1,3}Y)?(\\d{1,4}M)?(\\d{1,4}W)?(\\d{1,5}D)?$'), ('period__regex', '[1-9]')), name='retentionrule_period_is_positive', violation_error_message='Write a period above zero, such as P90D, P6M, P1Y or P1Y6M.'), models.CheckConstraint(condition=models.Q(models.Q(('minimum__regex', '^P(?=\\d)(\\d{1,3}Y)?(\\d{1,4}M)?(\\d{1,4}W)?(\\d{1,5}D)?$'), ('minimum__regex', '[1-9]')), ('minimum', ''), _connector='OR'), name='retentionrule_minimum_is_positive', violation_error_message='Write a period above zero, such as P90D, P6M, P1Y or P1Y6M.'), models.CheckConstraint(condition=models.Q(models.Q(('maximum__regex', '^P(?=\\d)(\\d{1,3}Y)?(\\d{1,4}M)?(\\d{1,4}W)?(\\d{1,5}D)?$'), ('maximum__regex', '[1-9]')), ('maximum', ''), _connector='OR'), name='retentionrule_maximum_is_positive', violation_error_message='Write a period above zero, such as P90D, P6M, P1Y or P1Y6M.'), models.CheckConstraint(condition=models.Q(models.Q(('fixed_on__isnull', False), ('trigger', 'fixed_day')), models.Q(models.Q(('trigger', 'fixed_day'), _negated=True), ('fixed_on', None)), _connector='OR'), name='retentionrule_fixed_day', violation_error_message='Name the fixed day if, and only if, the period is counted from one.'), models.CheckConstraint(condition=models.Q(models.Q(('action', 'anonymise'), models.Q(('method', ''), _negated=True)), models.Q(('action', 'delete'), ('method', '')), _connector='OR'), name='retentionrule_method', violation_error_message='Name the method if, and only if, the data is anonymised.'), models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='retentionrule_period_of_force')],
                },
            ),
        ),
    ]
