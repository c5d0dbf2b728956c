"""The tables of exits."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('files', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='AgreementExit',
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
                    ('agreement', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.serviceagreement')),
                    ('choice', models.CharField(choices=[('return', 'Return the data, then delete it'), ('delete', 'Delete the data')], max_length=16, verbose_name='the client’s choice')),
                    ('stage', models.CharField(choices=[('proposed', 'Needs a second person'), ('declined', 'Declined'), ('collecting', 'The systems are giving their data'), ('exporting', 'The export is being written'), ('returning', 'The export is ready for the client'), ('deleting', 'Waiting for the systems'), ('erasing', 'People are being erased'), ('certified', 'Certified')], default='proposed', max_length=16)),
                    ('return_until', models.DateTimeField(null=True, verbose_name='returned until')),
                    ('delete_by', models.DateTimeField(verbose_name='deleted by')),
                    ('requested_role', models.CharField(editable=False, max_length=32)),
                    ('approved_role', models.CharField(blank=True, default='', max_length=32)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('cursor', models.UUIDField(null=True)),
                    ('people', models.PositiveIntegerField(default=0)),
                    ('exported', models.PositiveIntegerField(default=0)),
                    ('erased', models.PositiveIntegerField(default=0)),
                    ('kept', models.PositiveIntegerField(default=0)),
                    ('returned_by', models.UUIDField(null=True)),
                    ('returned_at', models.DateTimeField(null=True, verbose_name='returned')),
                    ('fetched', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), db_default=[], default=list)),
                    ('return_declined_by', models.UUIDField(null=True)),
                    ('return_declined_at', models.DateTimeField(null=True, verbose_name='return declined')),
                    ('refusal', models.CharField(blank=True, default='', max_length=200, verbose_name='declined in')),
                    ('disposal_id', models.UUIDField(null=True)),
                    ('paused_at', models.DateTimeField(null=True, verbose_name='interrupted')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ],
                options={
                    'verbose_name': 'exit',
                    'verbose_name_plural': 'exits',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='agreementexit_by_time'), models.Index(fields=['-requested_at', '-id'], name='agreementexit_by_time_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('stage__in', ['declined', 'certified']), _negated=True), fields=('client', 'agreement'), name='agreementexit_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['collecting', 'exporting', 'deleting', 'erasing', 'returning', 'certified']), _negated=True), ('state', 'approved'), _connector='OR'), name='agreementexit_approved_first'), models.CheckConstraint(condition=models.Q(models.Q(('choice', 'return'), ('return_until__isnull', False)), models.Q(('choice', 'delete'), ('return_until', None)), _connector='OR'), name='agreementexit_returns_until_a_day'), models.CheckConstraint(condition=models.Q(('choice', 'delete'), models.Q(('stage__in', ['deleting', 'erasing', 'certified']), _negated=True), ('returned_at__isnull', False), ('return_declined_at__isnull', False), _connector='OR'), name='agreementexit_returned_or_declined_first'), models.CheckConstraint(condition=models.Q(models.Q(('refusal', ''), ('return_declined_at', None), ('return_declined_by', None)), models.Q(('return_declined_at__isnull', False), ('return_declined_by__isnull', False), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='agreementexit_declined_in_writing'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='agreementexit_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='agreementexit_settled_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='agreementexit_has_a_ground')],
                },
            ),
            migrations.CreateModel(
                name='ExitCertificate',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('body', models.TextField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('entry_id', models.UUIDField()),
                    ('issued_at', models.DateTimeField()),
                    ('exit', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exits.agreementexit')),
                ],
                options={
                    'ordering': ['issued_at', 'id'],
                    'abstract': False,
                    'constraints': [models.UniqueConstraint(fields=('client', 'exit'), name='exitcertificate_one_per_exit')],
                },
            ),
            migrations.CreateModel(
                name='ExitPart',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('exit', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exits.agreementexit')),
                    ('number', models.PositiveIntegerField()),
                    ('people', models.PositiveIntegerField()),
                    ('manifest', models.CharField(help_text='SHA-256 of the manifest of the archive.', max_length=64)),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('written_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['number'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'exit', 'number'), name='exitpart_number_unique')],
                },
            ),
        ),
    ]
