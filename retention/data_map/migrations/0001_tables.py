"""The tables of data map."""

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
        ('data_systems', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalMapLine',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('system_owner', models.UUIDField(editable=False)),
                    ('category', models.CharField(max_length=63, verbose_name='data category')),
                    ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian')], max_length=16), help_text='The people whose data it is.')),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, help_text='What the system uses the data for.')),
                    ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), help_text='Where the data is stored: ISO 3166 codes, such as PK, IE.')),
                    ('found_by', models.CharField(choices=[('lms_id', 'The LMS id'), ('email', 'The email address'), ('own_key', 'A key of its own, which it maps to the LMS id'), ('nobody', 'It cannot find one person')], max_length=16, verbose_name='people are found by')),
                    ('declared_at', models.DateTimeField(editable=False)),
                    ('confirmed_at', models.DateTimeField(editable=False, null=True, verbose_name='confirmed by the client')),
                    ('confirmed_by', models.UUIDField(editable=False, null=True)),
                    ('confirm_by', models.DateTimeField(editable=False, verbose_name='to be confirmed by')),
                    ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='no longer held since')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('system', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='data_systems.system')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical line of the data map',
                    'verbose_name_plural': 'historical data map',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='MapLine',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False)),
                    ('category', models.CharField(max_length=63, verbose_name='data category')),
                    ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian')], max_length=16), help_text='The people whose data it is.')),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, help_text='What the system uses the data for.')),
                    ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), help_text='Where the data is stored: ISO 3166 codes, such as PK, IE.')),
                    ('found_by', models.CharField(choices=[('lms_id', 'The LMS id'), ('email', 'The email address'), ('own_key', 'A key of its own, which it maps to the LMS id'), ('nobody', 'It cannot find one person')], max_length=16, verbose_name='people are found by')),
                    ('declared_at', models.DateTimeField(editable=False)),
                    ('confirmed_at', models.DateTimeField(editable=False, null=True, verbose_name='confirmed by the client')),
                    ('confirmed_by', models.UUIDField(editable=False, null=True)),
                    ('confirm_by', models.DateTimeField(editable=False, verbose_name='to be confirmed by')),
                    ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='no longer held since')),
                ],
                options={
                    'verbose_name': 'line of the data map',
                    'verbose_name_plural': 'data map',
                    'ordering': ['system', 'category', 'id'],
                    'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['client', 'confirm_by', 'id'], name='mapline_by_confirmation'), models.Index(condition=models.Q(('ended_at', None)), fields=['confirm_by', 'id'], name='mapline_by_confirmation_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'system', 'category'), name='mapline_one_of_each'), models.CheckConstraint(condition=models.Q(('roles__len__gte', 1)), name='mapline_about_someone'), models.CheckConstraint(condition=models.Q(('countries__len__gte', 1)), name='mapline_stored_somewhere'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__gte', models.F('declared_at')), ('confirmed_by__isnull', False)), _connector='OR'), name='mapline_confirmed_by_someone')],
                },
            ),
        ),
    ]
