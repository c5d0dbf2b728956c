"""The tables of erasures."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('people', '0001_tables'),
        ('requests', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='ErasureProposal',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('ground', models.TextField(blank=True, max_length=2000)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('number', models.CharField(max_length=16)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('leading', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='erasures.erasureproposal')),
                    ('extent', models.CharField(choices=[('whole', 'The whole person'), ('partial', 'Only some purposes')], max_length=8)),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('reason', models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32)),
                    ('stage', models.CharField(choices=[('proposed', 'Needs a second person'), ('cooling_off', 'Cooling-off'), ('ordered', 'Ordered from the systems'), ('verifying', 'Verification failed'), ('certified', 'Certified'), ('changed', 'Sent back: something changed'), ('cancelled', 'Cancelled')], max_length=16)),
                    ('seen', models.JSONField()),
                    ('requested_role', models.CharField(max_length=32)),
                    ('settled_role', models.CharField(blank=True, default='', max_length=32)),
                    ('cooling_ends_at', models.DateTimeField(null=True, verbose_name='cooling-off until')),
                    ('changed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), db_default=[], default=list)),
                    ('faults', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('cancelled_kind', models.CharField(blank=True, choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], default='', max_length=16)),
                    ('cancelled_by', models.UUIDField(null=True)),
                    ('cancelled_role', models.CharField(blank=True, default='', max_length=32)),
                    ('started_at', models.DateTimeField(null=True, verbose_name='orders issued')),
                    ('erasure', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.erasure')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ],
                options={
                    'verbose_name': 'erasure',
                    'verbose_name_plural': 'erasures',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['number'], name='erasureproposal_by_number'), models.Index(fields=['client', 'subject'], name='erasureproposal_of_subject'), models.Index(fields=['client', 'request'], name='erasureproposal_of_request'), models.Index(condition=models.Q(('leading__isnull', False)), fields=['client', 'leading'], name='erasureproposal_of_leading'), models.Index(fields=['client', '-requested_at', '-id'], name='erasureproposal_by_time'), models.Index(fields=['-requested_at', '-id'], name='erasureproposal_by_time_all'), models.Index(fields=['client', 'stage', '-requested_at', '-id'], name='erasureproposal_by_stage'), models.Index(fields=['stage', '-requested_at', '-id'], name='erasureproposal_by_stage_all'), models.Index(fields=['client', 'stage', 'cooling_ends_at', 'id'], name='erasureproposal_by_end'), models.Index(fields=['stage', 'cooling_ends_at', 'id'], name='erasureproposal_by_end_all'), models.Index(condition=models.Q(('stage__in', ['proposed', 'cooling_off', 'ordered', 'verifying'])), fields=['client', 'requested_at', 'id'], name='erasureproposal_open'), models.Index(condition=models.Q(('stage__in', ['proposed', 'cooling_off', 'ordered', 'verifying'])), fields=['requested_at', 'id'], name='erasureproposal_open_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='erasureproposal_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='erasureproposal_settled_by_someone'), models.UniqueConstraint(fields=('client', 'number'), name='erasureproposal_number_once'), models.UniqueConstraint(condition=models.Q(('stage__in', ['proposed', 'cooling_off'])), fields=('client', 'subject'), name='erasureproposal_one_before_start'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='erasureproposal_has_a_ground'), models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['cooling_off', 'ordered', 'verifying', 'certified']), _negated=True), models.Q(('cooling_ends_at__isnull', False), ('state', 'approved')), _connector='OR'), name='erasureproposal_approved_first'), models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['ordered', 'verifying', 'certified']), ('started_at__gte', models.F('cooling_ends_at')), ('started_at__isnull', False)), models.Q(models.Q(('stage__in', ['ordered', 'verifying', 'certified']), _negated=True), ('erasure', None), ('started_at', None)), _connector='OR'), name='erasureproposal_starts_after_cooling_off'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('stage__in', ['proposed', 'cooling_off', 'ordered', 'verifying'])), models.Q(models.Q(('stage__in', ['proposed', 'cooling_off', 'ordered', 'verifying']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='erasureproposal_ends_once'), models.CheckConstraint(condition=models.Q(models.Q(('categories', []), ('extent', 'whole'), ('purposes', [])), models.Q(('erasure', None), ('extent', 'partial'), ('request__isnull', False), models.Q(('purposes', []), _negated=True)), _connector='OR'), name='erasureproposal_extent_is_clear')],
                },
            ),
            migrations.CreateModel(
                name='Certificate',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('body', models.TextField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('entry_id', models.UUIDField()),
                    ('issued_at', models.DateTimeField()),
                    ('proposal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='erasures.erasureproposal')),
                ],
                options={
                    'ordering': ['issued_at', 'id'],
                    'abstract': False,
                    'constraints': [models.UniqueConstraint(fields=('client', 'proposal'), name='certificate_one_per_erasure')],
                },
            ),
        ),
    ]
