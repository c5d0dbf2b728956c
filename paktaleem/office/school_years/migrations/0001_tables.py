"""Ends of school years, and their lists of classes and people."""

import django.contrib.postgres.fields
import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("accounts", "0001_tables"),
        ("schools", "0001_tables"),
        ("subjects", "0001_tables"),
    ]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='YearEnd',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('ends_on', models.DateField(verbose_name='first day after it')),
                    ('leavers_by', models.CharField(choices=[('without_class', 'Pupils of the year who have no class afterwards'), ('chosen', 'Of these, only the pupils of the school, class, grade or role below'), ('people', 'The pupils with the LMS ids below, even if they have a class afterwards'), ('none', 'No one leaves')], max_length=16, verbose_name='who leaves')),
                    ('chosen', models.JSONField(default=dict, verbose_name='pupils chosen')),
                    ('renewed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('let_go', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('stage', models.CharField(choices=[('counting', 'The numbers are being counted'), ('ready', 'Nothing is changed yet: confirm or cancel'), ('running', 'Being carried out'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='counting', max_length=16)),
                    ('plan', models.JSONField(default=dict)),
                    ('result', models.JSONField(default=dict)),
                    ('cursor', models.UUIDField(null=True)),
                    ('prepared_by', models.UUIDField()),
                    ('prepared_at', models.DateTimeField(verbose_name='prepared')),
                    ('confirmed_by', models.UUIDField(null=True)),
                    ('confirmed_at', models.DateTimeField(null=True, verbose_name='confirmed')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='finished')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('school', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.school')),
                    ('term', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term')),
                ],
                options={
                    'verbose_name': 'end of a school year',
                    'verbose_name_plural': 'ends of school years',
                    'ordering': ['-prepared_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-prepared_at', '-id'], name='yearend_by_time'), models.Index(fields=['-prepared_at', '-id'], name='yearend_by_time_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('stage__in', ['done', 'cancelled']), _negated=True), fields=('client',), name='yearend_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['running', 'done']), _negated=True), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='yearend_confirmed_first')],
                },
            ),
            migrations.CreateModel(
                name='YearEndClass',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('closed_at', models.DateTimeField(null=True)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('school_class', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.schoolclass')),
                    ('year_end', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='school_years.yearend')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'year_end', 'school_class'), name='yearendclass_once')],
                },
            ),
            migrations.CreateModel(
                name='YearEndPerson',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('is_leaver', models.BooleanField(db_default=False, default=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject')),
                    ('year_end', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='school_years.yearend')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('is_leaver', True)), fields=['client', 'year_end', 'subject'], name='yearendperson_leavers')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'year_end', 'subject'), name='yearendperson_once')],
                },
            ),
        ),
    ]
