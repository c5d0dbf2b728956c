"""Uploaded rosters, and the sealed parts of their files."""

import django.db.models.deletion
import paktaleem.foundation.encryption.sealing
import paktaleem.foundation.tenancy.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_user_history'),
        ('subjects', '0010_lists_by_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='RosterImport',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('checking', 'Being checked'), ('refused', 'Refused'), ('ready', 'Ready to import'), ('stopped', 'Stopped: too many would vanish'), ('applying', 'Being imported'), ('done', 'Imported'), ('changed', 'Not imported: check it again'), ('discarded', 'Discarded'), ('expired', 'Expired')], default='checking', max_length=16)),
                ('kind', models.CharField(blank=True, max_length=32)),
                ('everybody', models.BooleanField(default=False, verbose_name='names everybody')),
                ('size', models.PositiveIntegerField(help_text='Bytes.')),
                ('sha256', models.BinaryField(max_length=32)),
                ('uploaded_at', models.DateTimeField()),
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                ('actor_id', models.UUIDField()),
                ('actor_role', models.CharField(max_length=32)),
                ('checked_at', models.DateTimeField(null=True)),
                ('confirmed_by', models.UUIDField(null=True)),
                ('confirmed_role', models.CharField(blank=True, max_length=32)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('plan', models.CharField(blank=True, max_length=64)),
                ('counts', models.JSONField(default=dict)),
                ('failure', models.CharField(blank=True, max_length=32)),
                ('details', paktaleem.foundation.encryption.sealing.SealedField(null=True)),
                ('epoch', models.PositiveIntegerField(null=True)),
                ('wrapped', models.BinaryField(null=True)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
            ],
            options={
                'verbose_name': 'roster import',
                'ordering': ['-uploaded_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='RosterChunk',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('sealed', paktaleem.foundation.encryption.sealing.SealedField(null=True)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ('roster', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.rosterimport')),
            ],
        ),
        migrations.AddIndex(
            model_name='rosterimport',
            index=models.Index(fields=['client', '-uploaded_at'], name='rosterimport_by_time'),
        ),
        migrations.AddConstraint(
            model_name='rosterchunk',
            constraint=models.UniqueConstraint(fields=('client', 'roster', 'number'), name='rosterchunk_in_order'),
        ),
    ]
