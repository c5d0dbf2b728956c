"""The tables of files."""

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
                name='PackageKey',
                fields=[
                    ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('key', models.BinaryField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='SealedFile',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('kind', models.CharField(choices=[('pdf', 'PDF'), ('jpeg', 'JPEG image'), ('png', 'PNG image'), ('json', 'JSON'), ('zip', 'ZIP'), ('other', 'File of any type')], max_length=16)),
                    ('size', models.PositiveIntegerField(help_text='In bytes, before encryption.')),
                    ('chunks', models.PositiveSmallIntegerField()),
                    ('sealed_hash', models.CharField(help_text='SHA-256 of the ciphertext, which reveals nothing about the content.', max_length=64)),
                    ('package', models.UUIDField(help_text='The package or case that it belongs to, such as an order.', null=True)),
                    ('added_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-added_at', '-id'],
                    'indexes': [models.Index(condition=models.Q(('subject', None)), fields=['client', 'package'], name='sealedfile_of_case')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('subject__isnull', False), ('package__isnull', False), _connector='OR'), name='sealedfile_of_person_or_case')],
                },
            ),
            migrations.CreateModel(
                name='FileChunk',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('data', models.BinaryField(help_text="Ciphertext under the person's or the case's key.")),
                ],
                options={
                    'ordering': ['number'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'file', 'number'), name='filechunk_number_unique')],
                },
            ),
        ),
    ]
