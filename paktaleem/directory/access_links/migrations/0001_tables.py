"""The tables of access links."""

import django.db.models.deletion
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
                name='PageCode',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('child', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('page', models.CharField(choices=[('choices', 'Preference centre'), ('guardian', "Guardian's page"), ('requests', 'Rights requests')], max_length=16)),
                    ('channel', models.CharField(db_default='', default='', max_length=8)),
                    ('digest', models.BinaryField(max_length=32)),
                    ('created_at', models.DateTimeField()),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(null=True)),
                    ('knock', models.BinaryField(max_length=32)),
                ],
                options={
                    'indexes': [models.Index(fields=['expires_at'], name='pagecode_by_expiry')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'knock', 'digest'), name='pagecode_digest_unique'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='pagecode_expires_later')],
                },
            ),
            migrations.CreateModel(
                name='PageLink',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('child', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('page', models.CharField(choices=[('choices', 'Preference centre'), ('guardian', "Guardian's page"), ('requests', 'Rights requests')], max_length=16)),
                    ('channel', models.CharField(db_default='', default='', max_length=8)),
                    ('digest', models.BinaryField(max_length=32)),
                    ('created_at', models.DateTimeField()),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(null=True)),
                    ('needs_code', models.BooleanField()),
                ],
                options={
                    'indexes': [models.Index(fields=['digest'], name='pagelink_by_digest'), models.Index(fields=['expires_at'], name='pagelink_by_expiry')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'digest'), name='pagelink_digest_unique'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='pagelink_expires_later')],
                },
            ),
        ),
    ]
