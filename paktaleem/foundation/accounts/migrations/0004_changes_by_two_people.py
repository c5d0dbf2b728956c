"""One table for changes that take two people; the app of the register moves its rows here."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_ground'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProposedChange',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                ('requested_kind', models.CharField(editable=False, max_length=16)),
                ('requested_by', models.UUIDField(editable=False)),
                ('requested_at', models.DateTimeField(editable=False)),
                ('settled_by', models.UUIDField(editable=False, null=True)),
                ('settled_at', models.DateTimeField(editable=False, null=True)),
                ('kind', models.CharField(max_length=16)),
                ('purpose', models.CharField(blank=True, max_length=63)),
                ('table', models.CharField(max_length=64)),
                ('row', models.UUIDField()),
                ('values', models.JSONField()),
                ('ground', models.TextField(blank=True, max_length=2000)),
                ('xact', models.BigIntegerField(null=True)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
            ],
            options={
                'verbose_name': 'change by two people',
                'verbose_name_plural': 'changes by two people',
                'ordering': ['-requested_at', '-id'],
                'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='proposedchange_by_time'), models.Index(fields=['-requested_at', '-id'], name='proposedchange_by_time_all'), models.Index(fields=['client', 'state', '-requested_at', '-id'], name='proposedchange_by_state'), models.Index(fields=['state', '-requested_at', '-id'], name='proposedchange_by_state_all')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('client', 'row'), name='proposedchange_one_waiting'), models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='proposedchange_has_a_ground'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='proposedchange_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='proposedchange_settled_by_someone')],
            },
        ),
        Isolate(TenantIsolation("ProposedChange")),
    ]
