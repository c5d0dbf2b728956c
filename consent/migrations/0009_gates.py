"""Columns of purposes for automated decisions and risks, and the table of assessments."""

import django.contrib.postgres.fields
import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
import simple_history.models
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_law_of_a_client'),
        ('consent', '0008_decisions_counted_at_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalpurpose',
            name='automated',
            field=models.CharField(choices=[('none', 'Neither profiling nor automated decisions'), ('profiling', 'Profiling: people are evaluated automatically'), ('decision', 'Automated decisions with legal or similarly significant effect')], db_default='none', default='none', help_text='Denied until it is described to people, and a second person approved that.', max_length=16, verbose_name='automated decisions'),
        ),
        migrations.AddField(
            model_name='historicalpurpose',
            name='risks',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, db_default=[], default=list, help_text='What is true of this purpose. Two of these, children and profiling counted too, need an impact assessment; some laws ask for it sooner.', verbose_name='risks'),
        ),
        migrations.AddField(
            model_name='purpose',
            name='automated',
            field=models.CharField(choices=[('none', 'Neither profiling nor automated decisions'), ('profiling', 'Profiling: people are evaluated automatically'), ('decision', 'Automated decisions with legal or similarly significant effect')], db_default='none', default='none', help_text='Denied until it is described to people, and a second person approved that.', max_length=16, verbose_name='automated decisions'),
        ),
        migrations.AddField(
            model_name='purpose',
            name='risks',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, db_default=[], default=list, help_text='What is true of this purpose. Two of these, children and profiling counted too, need an impact assessment; some laws ask for it sooner.', verbose_name='risks'),
        ),
        CreateTables(
            migrations.CreateModel(
                name='HistoricalAssessment',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('kind', models.CharField(choices=[('automated', 'Automated decision or profiling (Art. 15(1)(h) and 22)'), ('impact', 'Impact on people (Art. 35)'), ('transfer', 'Transfer to another country (Art. 46)')], max_length=16)),
                    ('covers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), default=list)),
                    ('questionnaire', models.CharField(max_length=16, verbose_name='version of the questionnaire')),
                    ('answers', models.JSONField()),
                    ('residual_risk', models.CharField(blank=True, choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High: ask the authority before it begins (Art. 36)')], max_length=8, verbose_name='remaining risk')),
                    ('review_on', models.DateField(verbose_name='next review')),
                    ('answered_at', models.DateTimeField(verbose_name='answered')),
                    ('answered_by', models.UUIDField()),
                    ('reviewed_at', models.DateTimeField(null=True, verbose_name='approved')),
                    ('reviewed_by', models.UUIDField(null=True)),
                    ('replaced_at', models.DateTimeField(null=True, verbose_name='replaced')),
                    ('authority', models.CharField(blank=True, max_length=200)),
                    ('reference', models.CharField(blank=True, max_length=200, verbose_name="reference of the authority's answer")),
                    ('consulted_at', models.DateTimeField(null=True, verbose_name='consultation recorded')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('purpose', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.purpose')),
                    ('recipient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.recipient')),
                ],
                options={
                    'verbose_name': 'historical assessment',
                    'verbose_name_plural': 'historical assessments',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Assessment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('kind', models.CharField(choices=[('automated', 'Automated decision or profiling (Art. 15(1)(h) and 22)'), ('impact', 'Impact on people (Art. 35)'), ('transfer', 'Transfer to another country (Art. 46)')], max_length=16)),
                    ('covers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), default=list)),
                    ('questionnaire', models.CharField(max_length=16, verbose_name='version of the questionnaire')),
                    ('answers', models.JSONField()),
                    ('residual_risk', models.CharField(blank=True, choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High: ask the authority before it begins (Art. 36)')], max_length=8, verbose_name='remaining risk')),
                    ('review_on', models.DateField(verbose_name='next review')),
                    ('answered_at', models.DateTimeField(verbose_name='answered')),
                    ('answered_by', models.UUIDField()),
                    ('reviewed_at', models.DateTimeField(null=True, verbose_name='approved')),
                    ('reviewed_by', models.UUIDField(null=True)),
                    ('replaced_at', models.DateTimeField(null=True, verbose_name='replaced')),
                    ('authority', models.CharField(blank=True, max_length=200)),
                    ('reference', models.CharField(blank=True, max_length=200, verbose_name="reference of the authority's answer")),
                    ('consulted_at', models.DateTimeField(null=True, verbose_name='consultation recorded')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('purpose', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.purpose')),
                    ('recipient', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.recipient')),
                ],
                options={
                    'ordering': ['-answered_at', '-id'],
                    'indexes': [models.Index(condition=models.Q(('replaced_at', None)), fields=['client', 'review_on', 'id'], name='assessment_by_review'), models.Index(condition=models.Q(('replaced_at', None)), fields=['review_on', 'id'], name='assessment_by_review_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('reviewed_at', None)), fields=('client', 'kind', 'purpose'), name='assessment_one_draft_of_purpose'), models.UniqueConstraint(condition=models.Q(('reviewed_at', None)), fields=('client', 'recipient'), name='assessment_one_draft_of_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'transfer'), ('purpose', None), ('recipient__isnull', False)), models.Q(models.Q(('kind', 'transfer'), _negated=True), ('purpose__isnull', False), ('recipient', None)), _connector='OR'), name='assessment_of_its_kind_of_row'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'automated'), ('residual_risk', '')), models.Q(models.Q(('kind', 'automated'), _negated=True), models.Q(('residual_risk', ''), _negated=True)), _connector='OR'), name='assessment_names_the_risk'), models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at', None), ('reviewed_by', None)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False), models.Q(('reviewed_by', models.F('answered_by')), _negated=True)), _connector='OR'), name='assessment_reviewed_by_a_second_person'), models.CheckConstraint(condition=models.Q(('consulted_at', None), models.Q(('consulted_at__gte', models.F('reviewed_at')), models.Q(('reference', ''), _negated=True)), _connector='OR'), name='assessment_consulted_after_review')],
                },
            ),
        ),
    ]
