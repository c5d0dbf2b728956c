"""Disclosures to recipients."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import paktaleem.foundation.tenancy.ids
from django.db import migrations, models

from paktaleem.foundation.tenancy.operations import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("accounts", "0001_tables"),
        ("consent", "0001_tables"),
        ("subjects", "0001_tables"),
        ("systems", "0001_tables"),
    ]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Disclosure',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                    ('recipient_owner', models.UUIDField(editable=False)),
                    ('purpose', models.CharField(max_length=63)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list)),
                    ('reason', models.CharField(help_text='The decision at the time of sharing.', max_length=64, verbose_name='decision')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('shared_at', models.DateTimeField()),
                    ('reported_at', models.DateTimeField()),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('recipient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.recipient')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='systems.system')),
                ],
                options={
                    'ordering': ['-reported_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject', '-shared_at'], name='disclosure_of_person'), models.Index(fields=['client', '-reported_at', '-id'], name='disclosure_by_time'), models.Index(fields=['-reported_at', '-id'], name='disclosure_by_time_all'), models.Index(fields=['client', 'reason', '-reported_at', '-id'], name='disclosure_by_decision'), models.Index(fields=['reason', '-reported_at', '-id'], name='disclosure_by_decision_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('categories', []), _negated=True), name='disclosure_of_something'), models.CheckConstraint(condition=models.Q(('shared_at__lte', models.F('reported_at'))), name='disclosure_not_in_future')],
                },
            ),
        )
    ]
