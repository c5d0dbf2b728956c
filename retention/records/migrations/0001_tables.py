"""The tables of records."""

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
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='HistoricalImpactAssessment',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('purpose_owner', models.UUIDField(editable=False)),
                    ('reference', models.CharField(help_text='Where the assessment is written down.', max_length=200, verbose_name='document')),
                    ('outcome', models.CharField(choices=[('low', 'Low risk'), ('mitigated', 'Risks reduced by measures'), ('high', 'High remaining risk: ask the authority first')], max_length=16, verbose_name='result')),
                    ('summary', models.TextField(help_text='Risks and measures in short. Do not name people.', max_length=2000)),
                    ('done_on', models.DateField(verbose_name='day of the assessment')),
                    ('review_on', models.DateField(verbose_name='review day')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('purpose', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.purpose')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical impact assessment',
                    'verbose_name_plural': 'historical impact assessments',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ImpactAssessment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('purpose', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.purpose')),
                    ('purpose_owner', models.UUIDField(editable=False)),
                    ('reference', models.CharField(help_text='Where the assessment is written down.', max_length=200, verbose_name='document')),
                    ('outcome', models.CharField(choices=[('low', 'Low risk'), ('mitigated', 'Risks reduced by measures'), ('high', 'High remaining risk: ask the authority first')], max_length=16, verbose_name='result')),
                    ('summary', models.TextField(help_text='Risks and measures in short. Do not name people.', max_length=2000)),
                    ('done_on', models.DateField(verbose_name='day of the assessment')),
                    ('review_on', models.DateField(verbose_name='review day')),
                ],
                options={
                    'verbose_name': 'impact assessment',
                    'ordering': ['review_on', 'id'],
                    'indexes': [models.Index(fields=['client', 'review_on', 'id'], name='impactassessment_by_review'), models.Index(fields=['review_on', 'id'], name='impactassessment_by_review_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'purpose'), name='impactassessment_one_per_purpose', violation_error_message='This purpose has an assessment already: review it there.'), models.CheckConstraint(condition=models.Q(('review_on__gt', models.F('done_on'))), name='impactassessment_review_is_later', violation_error_message='The review day must be after the day of the assessment.')],
                },
            ),
        ),
    ]
