"""Cases of supervisory authorities, their messages and deadlines."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("accounts", "0001_tables"),
        ("files", "0001_tables"),
        ("rights", "0001_tables"),
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
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.rightsrequest')),
                    ('country', models.CharField(blank=True, default='', max_length=2)),
                    ('authority', models.CharField(max_length=200)),
                    ('origin', models.CharField(choices=[('person', 'A person complained to the authority'), ('authority', 'The authority wrote on its own'), ('us', 'We turned to the authority')], max_length=16, verbose_name='began by')),
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
                name='CaseEntry',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.authoritycase')),
                    ('direction', models.CharField(choices=[('in', 'Received from the authority'), ('out', 'Sent to the authority')], max_length=8)),
                    ('on', models.DateField()),
                    ('text', models.BinaryField(null=True)),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['on', 'id'],
                    'indexes': [models.Index(fields=['client', 'case', 'on', 'id'], name='caseentry_of_case')],
                    'constraints': [],
                },
            ),
            migrations.CreateModel(
                name='CaseDeadline',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.authoritycase')),
                    ('due_on', models.DateField()),
                    ('what', models.BinaryField(null=True)),
                    ('at', models.DateTimeField()),
                    ('done_at', models.DateTimeField(null=True)),
                    ('done_by', models.UUIDField(null=True)),
                ],
                options={
                    'ordering': ['due_on', 'id'],
                    'indexes': [models.Index(fields=['client', 'case', 'due_on'], name='casedeadline_of_case'), models.Index(condition=models.Q(('done_at', None)), fields=['client', 'due_on', 'id'], name='casedeadline_open'), models.Index(condition=models.Q(('done_at', None)), fields=['due_on', 'id'], name='casedeadline_open_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='casedeadline_done_by_someone')],
                },
            ),
            migrations.CreateModel(
                name='DeadlineReminder',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('deadline', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.casedeadline')),
                    ('on', models.DateField()),
                    ('done_at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'deadline', 'on'), name='deadlinereminder_once')],
                    'indexes': [],
                },
            ),
        )
    ]
