"""The table of statements of disagreement."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_law_of_a_client'),
        ('people', '0005_has_a_ground'),
        ('rectifications', '0002_tenancy'),
        ('requests', '0004_due_by_the_law'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Disagreement',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list)),
                    ('text', models.BinaryField(null=True)),
                    ('stated_at', models.DateTimeField()),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                ],
                options={
                    'ordering': ['-stated_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='disagreement_of_subject')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'request'), name='disagreement_of_request')],
                },
            ),
        ),
        Isolate(
            TenantIsolation("Disagreement"),
            SameClientForeignKey("Disagreement", "subject", "people.Subject"),
            SameClientForeignKey("Disagreement", "request", "requests.RightsRequest"),
        ),
    ]
