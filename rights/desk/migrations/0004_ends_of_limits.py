"""Notices before a lift and proposals to overrule are rows of the desk."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_cases_of_authorities"), ("consent", "0002_tenancy")]
    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS limits_liftnotice, limits_overruling", migrations.RunSQL.noop),
        CreateTables(
            migrations.CreateModel(
                name='LiftNotice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('restriction', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.restriction')),
                    ('way', models.CharField(choices=[('mail', 'Email to the contact on file'), ('by_hand', 'By telephone, in person or in writing')], max_length=16)),
                    ('informed_by', models.UUIDField()),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'restriction'], name='liftnotice_of_restriction')],
                },
            ),
            migrations.CreateModel(
                name='Overruling',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('objection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.objection')),
                    ('grounds', models.BinaryField(null=True)),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    'ordering': ['requested_at', 'id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='overruling_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='overruling_settled_by_someone'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'objection'), name='overruling_one_waiting')],
                },
            ),
        ),
        Isolate(
            TenantIsolation("LiftNotice"),
            TenantIsolation("Overruling"),
            AppendOnly("LiftNotice"),
            SameClientForeignKey("LiftNotice", "restriction", "consent.Restriction"),
            SameClientForeignKey("Overruling", "objection", "consent.Objection"),
        ),
    ]
