"""The tables of audit."""

from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Entry',
                fields=[
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client_id', models.UUIDField()),
                    ('kind', models.CharField(max_length=64)),
                    ('family', models.GeneratedField(db_persist=True, expression=models.Func('kind', models.Value('.'), models.Value(1), function='split_part'), output_field=models.CharField(max_length=64))),
                    ('subject_id', models.UUIDField(null=True)),
                    ('recorded_at', models.DateTimeField()),
                    ('body', models.TextField()),
                    ('leaf_hash', models.BinaryField(max_length=32)),
                    ('openings', models.BinaryField(null=True)),
                ],
                options={
                    'verbose_name': 'ledger entry',
                    'verbose_name_plural': 'ledger entries',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client_id', 'subject_id', 'recorded_at'], name='audit_entry_of_subject'), models.Index(fields=['client_id', '-recorded_at', '-id'], name='audit_entry_by_time'), models.Index(fields=['-recorded_at', '-id'], name='audit_entry_by_time_all'), models.Index(fields=['client_id', 'family', '-recorded_at', '-id'], name='audit_entry_by_family'), models.Index(fields=['family', '-recorded_at', '-id'], name='audit_entry_by_family_all'), models.Index(fields=['client_id', 'actor_kind', '-recorded_at', '-id'], name='audit_entry_by_actor'), models.Index(fields=['actor_kind', '-recorded_at', '-id'], name='audit_entry_by_actor_all')],
                },
            ),
        ),
    ]
