"""The tables of schools."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='RosterImport',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('state', models.CharField(choices=[('checking', 'Being checked'), ('refused', 'Refused'), ('ready', 'Ready to import'), ('stopped', 'Stopped: too much would be lost'), ('applying', 'Being imported'), ('done', 'Imported'), ('changed', 'Not imported: check it again'), ('discarded', 'Discarded'), ('expired', 'Expired')], default='checking', max_length=16)),
                    ('kind', models.CharField(blank=True, max_length=32)),
                    ('everybody', models.BooleanField(default=False, verbose_name='names everyone')),
                    ('size', models.PositiveIntegerField(help_text='Bytes.')),
                    ('sha256', models.BinaryField(max_length=32)),
                    ('uploaded_at', models.DateTimeField()),
                    ('checked_at', models.DateTimeField(null=True)),
                    ('confirmed_by', models.UUIDField(null=True)),
                    ('confirmed_role', models.CharField(blank=True, max_length=32)),
                    ('confirmed_at', models.DateTimeField(null=True)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('plan', models.CharField(blank=True, max_length=64)),
                    ('counts', models.JSONField(default=dict)),
                    ('failure', models.CharField(blank=True, max_length=32)),
                    ('details', models.BinaryField(null=True)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                ],
                options={
                    'verbose_name': 'roster import',
                    'ordering': ['-uploaded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-uploaded_at', '-id'], name='rosterimport_by_time'), models.Index(fields=['-uploaded_at', '-id'], name='rosterimport_by_time_all'), models.Index(fields=['client', 'state', '-uploaded_at', '-id'], name='rosterimport_by_state'), models.Index(fields=['state', '-uploaded_at', '-id'], name='rosterimport_by_state_all'), models.Index(condition=models.Q(('wrapped__isnull', False)), fields=['uploaded_at'], name='rosterimport_stored')],
                },
            ),
            migrations.CreateModel(
                name='RosterChunk',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('roster', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.rosterimport')),
                    ('number', models.PositiveIntegerField()),
                    ('sealed', models.BinaryField(null=True)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'roster', 'number'), name='rosterchunk_in_order')],
                },
            ),
            migrations.CreateModel(
                name='School',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('external_id', models.CharField(max_length=255, verbose_name='LMS id')),
                    ('origin', models.CharField(choices=[('roster', 'Roster'), ('api', 'Learning platform'), ('staff', 'Staff')], max_length=16, verbose_name='stated by')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('changed_at', models.DateTimeField(verbose_name='changed')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                    ('name', models.CharField(max_length=255)),
                    ('kind', models.CharField(choices=[('school', 'School'), ('district', 'District'), ('department', 'Department'), ('local', 'Local authority'), ('state', 'Provincial authority'), ('national', 'National authority'), ('other', 'Other')], max_length=16)),
                    ('parent', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.school', verbose_name='part of')),
                ],
                options={
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-recorded_at', '-id'], name='school_by_time'), models.Index(fields=['-recorded_at', '-id'], name='school_by_time_all'), models.Index(fields=['client', 'kind', '-recorded_at', '-id'], name='school_by_kind'), models.Index(fields=['kind', '-recorded_at', '-id'], name='school_by_kind_all'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['client', '-recorded_at', '-id'], name='school_ended'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['-recorded_at', '-id'], name='school_ended_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['client', '-recorded_at', '-id'], name='school_open'), models.Index(condition=models.Q(('ended_at', None)), fields=['-recorded_at', '-id'], name='school_open_all'), models.Index(fields=['client', 'name', 'id'], name='school_by_name'), models.Index(django.db.models.functions.comparison.Collate('name', 'C'), name='school_by_first_letters'), models.Index(django.db.models.functions.comparison.Collate('external_id', 'C'), name='school_by_lms_id')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'external_id'), name='school_external_id_unique')],
                },
            ),
            migrations.CreateModel(
                name='SchoolClass',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('external_id', models.CharField(max_length=255, verbose_name='LMS id')),
                    ('origin', models.CharField(choices=[('roster', 'Roster'), ('api', 'Learning platform'), ('staff', 'Staff')], max_length=16, verbose_name='stated by')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('changed_at', models.DateTimeField(verbose_name='changed')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                    ('title', models.CharField(max_length=255)),
                    ('kind', models.CharField(choices=[('homeroom', 'Homeroom'), ('scheduled', 'Course'), ('other', 'Other')], max_length=16)),
                    ('grade', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('school', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.school')),
                ],
                options={
                    'verbose_name': 'class',
                    'verbose_name_plural': 'classes',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-recorded_at', '-id'], name='schoolclass_by_time'), models.Index(fields=['-recorded_at', '-id'], name='schoolclass_by_time_all'), models.Index(fields=['client', 'kind', '-recorded_at', '-id'], name='schoolclass_by_kind'), models.Index(fields=['kind', '-recorded_at', '-id'], name='schoolclass_by_kind_all'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['client', '-recorded_at', '-id'], name='schoolclass_ended'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['-recorded_at', '-id'], name='schoolclass_ended_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['client', '-recorded_at', '-id'], name='schoolclass_open'), models.Index(condition=models.Q(('ended_at', None)), fields=['-recorded_at', '-id'], name='schoolclass_open_all'), models.Index(fields=['client', 'school', 'title', 'id'], name='schoolclass_of_school'), models.Index(fields=['client', 'grade'], name='schoolclass_by_grade'), models.Index(django.db.models.functions.comparison.Collate('title', 'C'), name='schoolclass_by_title'), models.Index(django.db.models.functions.comparison.Collate('external_id', 'C'), name='schoolclass_by_lms_id')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'external_id'), name='schoolclass_external_id_unique')],
                },
            ),
            migrations.CreateModel(
                name='Enrolment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('school_class', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.schoolclass')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('role', models.CharField(choices=[('student', 'Student'), ('teacher', 'Teacher'), ('proctor', 'Proctor'), ('administrator', 'Administrator'), ('other', 'Other')], max_length=16)),
                    ('external_id', models.CharField(blank=True, default='', max_length=255)),
                    ('origin', models.CharField(choices=[('roster', 'Roster'), ('api', 'Learning platform'), ('staff', 'Staff')], max_length=16)),
                    ('stated_on', models.DateField(null=True)),
                    ('starts_on', models.DateField()),
                    ('ends_on', models.DateField(null=True)),
                    ('recorded_at', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['-starts_on', '-id'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'school_class', 'subject', 'role', 'starts_on'), name='enrolment_open_once'), models.UniqueConstraint(condition=models.Q(('ended_at', None), models.Q(('external_id', ''), _negated=True)), fields=('client', 'external_id'), name='enrolment_open_external_id_unique'), models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='enrolment_ends_after_start'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ends_on__isnull', False), _connector='OR'), name='enrolment_ended_has_last_day')],
                },
            ),
            migrations.CreateModel(
                name='Term',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('external_id', models.CharField(max_length=255, verbose_name='LMS id')),
                    ('origin', models.CharField(choices=[('roster', 'Roster'), ('api', 'Learning platform'), ('staff', 'Staff')], max_length=16, verbose_name='stated by')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('changed_at', models.DateTimeField(verbose_name='changed')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                    ('title', models.CharField(max_length=255)),
                    ('kind', models.CharField(choices=[('school_year', 'School year'), ('semester', 'Semester'), ('term', 'Term'), ('grading_period', 'Grading period'), ('other', 'Other')], max_length=16)),
                    ('starts_on', models.DateField(null=True, verbose_name='from')),
                    ('ends_on', models.DateField(null=True, verbose_name='until')),
                    ('parent', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='part of')),
                ],
                options={
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-recorded_at', '-id'], name='term_by_time'), models.Index(fields=['-recorded_at', '-id'], name='term_by_time_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'external_id'), name='term_external_id_unique')],
                },
            ),
            migrations.CreateModel(
                name='ClassTerm',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('school_class', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.schoolclass')),
                    ('term', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'school_class', 'term'), name='classterm_once')],
                },
            ),
        ),
    ]
