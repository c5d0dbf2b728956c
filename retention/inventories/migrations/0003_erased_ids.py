"""Asks systems for samples of erased people, and records their answers."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_full_ages_of_a_client'),
        ('data_systems', '0005_contacts_leave_no_history'),
        ('inventories', '0002_tenancy'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='ErasedId',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('system_owner', models.UUIDField(editable=False)),
                    ('id_hash', models.BinaryField(null=True)),
                    ('erased_at', models.DateTimeField()),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                ],
                options={
                    'verbose_name': 'hash of an erased person’s LMS id',
                    'verbose_name_plural': 'hashes of erased people’s LMS ids',
                    'indexes': [models.Index(fields=['client', 'system', 'erased_at'], name='erasedid_by_system')],
                },
            ),
        ),
        migrations.AddField(
            model_name='inventory',
            name='erased_asked',
            field=models.PositiveIntegerField(help_text='Known once the inventory is answered.', null=True, verbose_name='erased people asked about'),
        ),
        migrations.AddField(
            model_name='inventory',
            name='erased_held',
            field=models.PositiveIntegerField(help_text='Empty: the system did not say.', null=True, verbose_name='erased people still held'),
        ),
        migrations.AddConstraint(
            model_name='inventory',
            constraint=models.CheckConstraint(condition=models.Q(('erased_held', None), ('erased_held__lte', models.F('erased_asked')), _connector='OR'), name='inventory_held_of_asked'),
        ),
        migrations.AlterField(
            model_name='inventoryline',
            name='category',
            field=models.CharField(blank=True, max_length=63, verbose_name='data category'),
        ),
        migrations.RemoveConstraint(
            model_name='inventoryline',
            name='inventoryline_one_of_each',
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=models.UniqueConstraint(condition=models.Q(('category', ''), _negated=True), fields=('client', 'inventory', 'category'), name='inventoryline_one_of_each'),
        ),
        migrations.AddIndex(
            model_name='inventoryline',
            index=models.Index(fields=['client', 'inventory'], name='inventoryline_of_inventory'),
        ),
    ]
