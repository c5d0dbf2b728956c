"""The tables of paper."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('guardians', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='FormRun',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('name', models.CharField(help_text='The class or group, such as “Grade 7 B”. Do not name people.', max_length=100, verbose_name='group')),
                    ('people', models.PositiveIntegerField(editable=False, verbose_name='people')),
                    ('addressee', models.CharField(choices=[('person', 'Each person for themselves'), ('guardian', 'The parent or guardian of each child')], default='person', max_length=16, verbose_name='who answers')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], editable=False, max_length=16)),
                    ('actor_id', models.UUIDField(editable=False)),
                    ('actor_role', models.CharField(editable=False, max_length=32)),
                    ('made_at', models.DateTimeField(editable=False, verbose_name='made')),
                    ('school_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text='Schools of limited staff who made it, to whom it is shown. None: the whole client.', null=True)),
                ],
                options={
                    'verbose_name': 'consent form',
                    'ordering': ['-made_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-made_at', '-id'], name='formrun_by_time'), models.Index(fields=['-made_at', '-id'], name='formrun_by_time_all'), django.contrib.postgres.indexes.GinIndex(fields=['school_ids'], name='formrun_by_school')],
                },
            ),
            migrations.CreateModel(
                name='FormPurpose',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='paper.formrun')),
                    ('purpose', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.purpose')),
                    ('purpose_owner', models.UUIDField(editable=False)),
                    ('notice_version', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.noticeversion')),
                    ('notice_version_owner', models.UUIDField(editable=False)),
                    ('position', models.PositiveSmallIntegerField()),
                ],
                options={
                    'ordering': ['run', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'run', 'purpose'), name='formpurpose_once_per_form')],
                },
            ),
            migrations.CreateModel(
                name='FormPage',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='paper.formrun')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list)),
                    ('notice_hash', models.CharField(blank=True, max_length=64)),
                    ('asks_sharing', models.BooleanField(default=False)),
                    ('position', models.PositiveIntegerField()),
                ],
                options={
                    'ordering': ['run', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'run', 'subject'), name='formpage_once_per_person')],
                },
            ),
            migrations.CreateModel(
                name='PaperAnswer',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='paper.formpage')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('answers', models.JSONField(default=dict, help_text='Purpose → whether yes.')),
                    ('method', models.CharField(choices=[('paper', 'On paper'), ('phone', 'By telephone')], max_length=16, verbose_name='method')),
                    ('guardian', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('answered_on', models.DateField(help_text="As on the form, in the client's time zone.", verbose_name='answered on')),
                    ('note', models.BinaryField(null=True)),
                    ('state', models.CharField(choices=[('waiting', 'Waiting to be confirmed'), ('held', 'Could not be recorded'), ('confirmed', 'Confirmed'), ('dismissed', 'Dismissed')], default='waiting', max_length=16, verbose_name='state')),
                    ('recorded', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                    ('authorisation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='guardians.serviceauthorisation')),
                    ('entered_at', models.DateTimeField(verbose_name='entered')),
                ],
                options={
                    'verbose_name': 'answer in the queue',
                    'verbose_name_plural': 'answers in the queue',
                    'ordering': ['-entered_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-entered_at', '-id'], name='paperanswer_by_time'), models.Index(fields=['-entered_at', '-id'], name='paperanswer_by_time_all'), models.Index(fields=['client', 'state', '-entered_at', '-id'], name='paperanswer_by_state'), models.Index(fields=['state', '-entered_at', '-id'], name='paperanswer_by_state_all'), models.Index(fields=['client', 'page'], name='paperanswer_of_page')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'held'))), fields=('client', 'page', 'guardian'), name='paperanswer_one_open', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('state', 'confirmed'), models.Q(('authorisation', None), ('recorded', [])), _connector='OR'), name='paperanswer_counts_once_confirmed'), models.CheckConstraint(condition=models.Q(('guardian', None), models.Q(('subject', models.F('guardian')), _negated=True), _connector='OR'), name='paperanswer_guardian_of_another')],
                },
            ),
        ),
    ]
