"""Links between records that are one person."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("subjects", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='PersonMerge',
                fields=[
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('kind', models.CharField(choices=[('link', 'They are one person'), ('undo', 'They are not one person')], max_length=8)),
                    ('main', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject', verbose_name='main record')),
                    ('other', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject', verbose_name='other record')),
                    ('undoes', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merges.personmerge')),
                    ('reason', models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32)),
                ],
                options={
                    'verbose_name': 'link of records',
                    'verbose_name_plural': 'records of one person',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'main'], name='personmerge_of_main'), models.Index(fields=['client', 'other'], name='personmerge_of_other'), models.Index(fields=['client', '-requested_at', '-id'], name='personmerge_by_time'), models.Index(fields=['-requested_at', '-id'], name='personmerge_by_time_all'), models.Index(fields=['client', 'state', '-requested_at', '-id'], name='personmerge_by_state'), models.Index(fields=['state', '-requested_at', '-id'], name='personmerge_by_state_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='personmerge_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='personmerge_settled_by_someone'), models.CheckConstraint(condition=models.Q(('main', models.F('other')), _negated=True), name='personmerge_of_two_records'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'link'), ('undoes', None)), models.Q(('kind', 'undo'), ('undoes__isnull', False)), _connector='OR'), name='personmerge_undoes_a_link'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'other'), name='personmerge_one_waiting'), models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('client', 'undoes'), name='personmerge_undone_once')],
                },
            ),
        )
    ]
