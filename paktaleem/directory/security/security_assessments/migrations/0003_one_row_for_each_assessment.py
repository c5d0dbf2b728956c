"""One row for each security assessment, with its report; findings, accepted risks and reminders go."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    dependencies = [("security_assessments", "0002_tenancy")]
    operations = [
        migrations.DeleteModel("AssessmentReminder"),
        migrations.DeleteModel("RiskAcceptance"),
        migrations.DeleteModel("HistoricalFinding"),
        migrations.DeleteModel("Finding"),
        migrations.DeleteModel("AssessmentReport"),
        migrations.DeleteModel("HistoricalSecurityAssessment"),
        migrations.DeleteModel("SecurityAssessment"),
        CreateTables(
            migrations.CreateModel(
                name='SecurityAssessment',
                fields=[
                    ('file_kind', models.CharField(max_length=16)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('added_by', models.UUIDField()),
                    ('added_at', models.DateTimeField()),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('kind', models.CharField(choices=[('penetration_test', 'Penetration test'), ('vulnerability_scan', 'Vulnerability scan'), ('review', 'Review of code or configuration'), ('audit', 'Audit'), ('dpia', 'Security part of an impact assessment')], max_length=24)),
                    ('scope', models.TextField(help_text='What was assessed, and how. Do not name people.', max_length=4000)),
                    ('done_by', models.CharField(help_text='The company or team, and if it is independent. Do not name people.', max_length=200, verbose_name='done by')),
                    ('done_on', models.DateField(verbose_name='last day')),
                    ('next_on', models.DateField(help_text='When the next assessment of this kind takes place at the latest.', verbose_name='next due')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, default=PAKTALEEM, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                ],
                options={
                    'verbose_name': 'security assessment',
                    'verbose_name_plural': 'security assessments',
                    'ordering': ['-done_on', '-added_at', '-id'],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('client_id', PAKTALEEM)), name='securityassessment_of_paktaleem'),
                        models.CheckConstraint(condition=models.Q(models.Q(('scope', ''), _negated=True), models.Q(('done_by', ''), _negated=True)), name='securityassessment_described'),
                        models.CheckConstraint(condition=models.Q(('next_on__gt', models.F('done_on'))), name='securityassessment_next_is_later', violation_error_message='Choose a day after the assessment.'),
                    ],
                },
            ),
        ),
        Isolate(
            TenantIsolation("SecurityAssessment"),
            SameClientForeignKey("SecurityAssessment", "file", "files.SealedFile"),
        ),
    ]
