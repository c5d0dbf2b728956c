"""The tables of inventories."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('data_systems', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Inventory',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False)),
                    ('asked_for', models.CharField(choices=[('monthly', 'Every month'), ('exit', 'Before an exit is certified'), ('on_demand', 'On demand')], max_length=16, verbose_name='occasion')),
                    ('asked_at', models.DateTimeField(verbose_name='ordered')),
                    ('due_at', models.DateTimeField(verbose_name='due')),
                    ('answered_at', models.DateTimeField(null=True, verbose_name='answered')),
                    ('erased_asked', models.PositiveIntegerField(help_text='Known once the inventory is answered.', null=True, verbose_name='erased people asked about')),
                    ('erased_held', models.PositiveIntegerField(help_text='Empty: the system did not say.', null=True, verbose_name='erased people still held')),
                ],
                options={
                    'verbose_name_plural': 'inventories',
                    'ordering': ['-asked_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-asked_at', '-id'], name='inventory_by_time'), models.Index(fields=['-asked_at', '-id'], name='inventory_by_time_all'), models.Index(condition=models.Q(('answered_at', None)), fields=['client', 'due_at', 'id'], name='inventory_open_by_due'), models.Index(condition=models.Q(('answered_at', None)), fields=['due_at', 'id'], name='inventory_open_by_due_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at', None)), fields=('client', 'system'), name='inventory_one_open'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('asked_at'))), name='inventory_due_later'), models.CheckConstraint(condition=models.Q(('answered_at', None), ('answered_at__gte', models.F('asked_at')), _connector='OR'), name='inventory_answered_after'), models.CheckConstraint(condition=models.Q(('erased_held', None), ('erased_held__lte', models.F('erased_asked')), _connector='OR'), name='inventory_held_of_asked')],
                },
            ),
            migrations.CreateModel(
                name='InventoryLine',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('ground', models.TextField(blank=True, db_default='', default='', max_length=2000, verbose_name='ground in words')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                    ('decided_by', models.UUIDField(null=True)),
                    ('decided_role', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('inventory', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventories.inventory')),
                    ('category', models.CharField(blank=True, max_length=63, verbose_name='data category')),
                    ('counted', models.PositiveIntegerField(null=True, verbose_name='people counted')),
                    ('expected', models.PositiveIntegerField(null=True, verbose_name='people reported')),
                    ('missing', models.PositiveIntegerField(blank=True, null=True, verbose_name='people missing')),
                    ('unexpected', models.PositiveIntegerField(blank=True, null=True, verbose_name='people not reported')),
                    ('still_held', models.PositiveIntegerField(blank=True, null=True, verbose_name='erased people still held')),
                    ('id_hashes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), db_default=[], default=list)),
                    ('compared_at', models.DateTimeField(null=True, verbose_name='compared')),
                    ('decision', models.CharField(blank=True, choices=[('explained', 'Explained'), ('reported', 'The system has reported the data'), ('erased', 'The system has erased the data')], db_default='', default='', max_length=16)),
                ],
                options={
                    'verbose_name': 'line of an inventory',
                    'verbose_name_plural': 'inventory differences',
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['client', '-id'], name='inventoryline_by_time'), models.Index(fields=['client', 'inventory'], name='inventoryline_of_inventory'), models.Index(condition=models.Q(('compared_at__isnull', False), models.Q(models.Q(('counted', models.F('expected')), _negated=True), ('missing__gt', 0), ('unexpected__gt', 0), ('still_held__gt', 0), _connector='OR'), ('decided_at', None)), fields=['client', 'compared_at', 'id'], name='inventoryline_open'), models.Index(condition=models.Q(('compared_at__isnull', False), models.Q(models.Q(('counted', models.F('expected')), _negated=True), ('missing__gt', 0), ('unexpected__gt', 0), ('still_held__gt', 0), _connector='OR'), ('decided_at', None)), fields=['compared_at', 'id'], name='inventoryline_open_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('category', ''), _negated=True), fields=('client', 'inventory', 'category'), name='inventoryline_one_of_each'), models.CheckConstraint(condition=models.Q(models.Q(('compared_at', None), ('counted', None), ('expected', None)), models.Q(('compared_at__isnull', False), ('counted__isnull', False), ('expected__isnull', False)), _connector='OR'), name='inventoryline_compared_whole'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decision', ''), ('ground', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True), models.Q(('ground', ''), _negated=True)), _connector='OR'), name='inventoryline_decided_with_ground')],
                },
            ),
            migrations.CreateModel(
                name='ErasedId',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False)),
                    ('id_hash', models.BinaryField(null=True)),
                    ('erased_at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': 'hash of an erased person’s LMS id',
                    'verbose_name_plural': 'hashes of erased people’s LMS ids',
                    'indexes': [models.Index(fields=['client', 'system', 'erased_at'], name='erasedid_by_system')],
                },
            ),
        ),
    ]
