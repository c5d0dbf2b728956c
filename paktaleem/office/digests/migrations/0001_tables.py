"""Weeks whose digest was sent, and who does not want the email."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='SentDigest',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('monday', models.DateField()),
                    ('recipients', models.PositiveIntegerField()),
                    ('sent_at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'monday'), name='sentdigest_once_a_week')],
                },
            ),
            migrations.CreateModel(
                name='DigestChoice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('user_id', models.UUIDField()),
                    ('is_stopped', models.BooleanField()),
                    ('changed_at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'user_id'), name='digestchoice_one_each')],
                },
            ),
        )
    ]
