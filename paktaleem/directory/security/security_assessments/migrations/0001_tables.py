"""Tables of security assessments, their reports and findings, accepted risks and reminders."""

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("files", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalSecurityAssessment',
                fields=[
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('kind', models.CharField(choices=[('penetration_test', 'Penetration test'), ('vulnerability_scan', 'Vulnerability scan'), ('review', 'Review of code or configuration'), ('audit', 'Audit'), ('dpia', 'Security part of an impact assessment')], max_length=24)),
                    ('scope', models.TextField(help_text='What was assessed, and how. Do not name people.', max_length=4000)),
                    ('systems', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every system is concerned.')),
                    ('done_by', models.CharField(help_text='The company or team, and if it is independent. Do not name people.', max_length=200, verbose_name='done by')),
                    ('starts_on', models.DateField(verbose_name='first day')),
                    ('ends_on', models.DateField(verbose_name='last day')),
                    ('next_on', models.DateField(help_text='When the next assessment of this kind takes place at the latest.', verbose_name='next due')),
                    ('followed_on', models.DateField(editable=False, null=True, verbose_name='followed by a later one')),
                    ('recorded_at', models.DateTimeField(editable=False, verbose_name='recorded')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, default=PAKTALEEM, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'historical security assessment',
                    'verbose_name_plural': 'historical security assessments',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='SecurityAssessment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('kind', models.CharField(choices=[('penetration_test', 'Penetration test'), ('vulnerability_scan', 'Vulnerability scan'), ('review', 'Review of code or configuration'), ('audit', 'Audit'), ('dpia', 'Security part of an impact assessment')], max_length=24)),
                    ('scope', models.TextField(help_text='What was assessed, and how. Do not name people.', max_length=4000)),
                    ('systems', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every system is concerned.')),
                    ('done_by', models.CharField(help_text='The company or team, and if it is independent. Do not name people.', max_length=200, verbose_name='done by')),
                    ('starts_on', models.DateField(verbose_name='first day')),
                    ('ends_on', models.DateField(verbose_name='last day')),
                    ('next_on', models.DateField(help_text='When the next assessment of this kind takes place at the latest.', verbose_name='next due')),
                    ('followed_on', models.DateField(editable=False, null=True, verbose_name='followed by a later one')),
                    ('recorded_at', models.DateTimeField(editable=False, verbose_name='recorded')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'security assessment',
                    'verbose_name_plural': 'security assessments',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [
                        models.Index(fields=['client', '-recorded_at', '-id'], name='securityassessment_by_time'),
                        models.Index(fields=['-recorded_at', '-id'], name='securityassessment_by_time_all'),
                        models.Index(condition=models.Q(('followed_on', None)), fields=['client', 'next_on', 'id'], name='securityassessment_by_next'),
                        models.Index(condition=models.Q(('followed_on', None)), fields=['next_on', 'id'], name='securityassessment_by_next_all'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='securityassessment_of_paktaleem'),
                        models.CheckConstraint(condition=models.Q(models.Q(('scope', ''), _negated=True), models.Q(('done_by', ''), _negated=True)), name='securityassessment_described'),
                        models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='securityassessment_period'),
                        models.CheckConstraint(condition=models.Q(('next_on__gt', models.F('ends_on'))), name='securityassessment_next_is_later'),
                        models.UniqueConstraint(condition=models.Q(('followed_on', None)), fields=('client', 'kind'), name='securityassessment_one_latest'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='HistoricalFinding',
                fields=[
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(max_length=4000)),
                    ('severity', models.CharField(choices=[('critical', 'Critical: 7 days'), ('high', 'High: 30 days'), ('medium', 'Medium: 90 days'), ('low', 'Low: 180 days')], max_length=16)),
                    ('team', models.CharField(max_length=200, verbose_name='team that mends it')),
                    ('found_on', models.DateField(verbose_name='found on')),
                    ('due_on', models.DateField(verbose_name='due')),
                    ('accepted_until', models.DateField(null=True, verbose_name='risk accepted until')),
                    ('mended_on', models.DateField(null=True, verbose_name='mended on')),
                    ('remediation', models.TextField(blank=True, max_length=4000)),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, default=PAKTALEEM, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('assessment', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='security_assessments.securityassessment')),
                ],
                options={
                    'verbose_name': 'historical finding of a security assessment',
                    'verbose_name_plural': 'historical findings of security assessments',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Finding',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('title', models.CharField(max_length=200)),
                    ('description', models.TextField(max_length=4000)),
                    ('severity', models.CharField(choices=[('critical', 'Critical: 7 days'), ('high', 'High: 30 days'), ('medium', 'Medium: 90 days'), ('low', 'Low: 180 days')], max_length=16)),
                    ('team', models.CharField(max_length=200, verbose_name='team that mends it')),
                    ('found_on', models.DateField(verbose_name='found on')),
                    ('due_on', models.DateField(verbose_name='due')),
                    ('accepted_until', models.DateField(null=True, verbose_name='risk accepted until')),
                    ('mended_on', models.DateField(null=True, verbose_name='mended on')),
                    ('remediation', models.TextField(blank=True, max_length=4000)),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('assessment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='security_assessments.securityassessment')),
                ],
                options={
                    'verbose_name': 'finding of a security assessment',
                    'verbose_name_plural': 'findings of security assessments',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [
                        models.Index(fields=['client', '-recorded_at', '-id'], name='finding_by_time'),
                        models.Index(fields=['-recorded_at', '-id'], name='finding_by_time_all'),
                        models.Index(condition=models.Q(('mended_on', None)), fields=['client', 'due_on', 'id'], name='finding_by_due'),
                        models.Index(condition=models.Q(('mended_on', None)), fields=['due_on', 'id'], name='finding_by_due_all'),
                        models.Index(fields=['client', 'assessment'], name='finding_of_assessment'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='finding_of_paktaleem'),
                        models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('description', ''), _negated=True), models.Q(('team', ''), _negated=True)), name='finding_described'),
                        models.CheckConstraint(condition=models.Q(('due_on__gt', models.F('found_on'))), name='finding_due_later'),
                        models.CheckConstraint(condition=models.Q(('accepted_until', None), ('due_on', models.F('accepted_until')), _connector='OR'), name='finding_due_when_accepted_ends'),
                        models.CheckConstraint(condition=models.Q(models.Q(('mended_on', None), ('remediation', '')), models.Q(('mended_on__isnull', False), models.Q(('remediation', ''), _negated=True)), _connector='OR'), name='finding_mended_says_how'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='AssessmentReport',
                fields=[
                    ('file_kind', models.CharField(max_length=16)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('added_by', models.UUIDField()),
                    ('added_at', models.DateTimeField()),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('assessment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='security_assessments.securityassessment')),
                ],
                options={
                    'ordering': ['-added_at', '-id'],
                    'indexes': [
                        models.Index(fields=['client', 'assessment'], name='assessmentreport_of'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='assessmentreport_of_paktaleem'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='AssessmentReminder',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('about', models.UUIDField()),
                    ('due_on', models.DateField()),
                    ('stage', models.PositiveSmallIntegerField()),
                    ('at', models.DateTimeField()),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='assessmentreminder_of_paktaleem'), models.UniqueConstraint(fields=('client', 'about', 'due_on', 'stage'), name='assessmentreminder_once')],
                },
            ),
            migrations.CreateModel(
                name='RiskAcceptance',
                fields=[
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('ground', models.TextField(max_length=2000, verbose_name='ground in words')),
                    ('until', models.DateField(verbose_name='until')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('finding', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='security_assessments.finding')),
                ],
                options={
                    'verbose_name': 'acceptance of a risk',
                    'verbose_name_plural': 'acceptances of risks',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='riskacceptance_by_time'), models.Index(fields=['-requested_at', '-id'], name='riskacceptance_by_time_all'), models.Index(fields=['client', 'finding'], name='riskacceptance_of_finding')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='riskacceptance_of_paktaleem'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='riskacceptance_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='riskacceptance_settled_by_someone'), models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='riskacceptance_has_a_ground'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'finding'), name='riskacceptance_one_waiting')],
                },
            ),
        ),
    ]
