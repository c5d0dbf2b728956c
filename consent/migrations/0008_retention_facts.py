"""Holds and ended retention periods, which decisions read."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tenancy'),
        ('consent', '0007_other_words_outdate_consents'),
        ('subjects', '0002_tenancy'),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionFact',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('hold', 'on hold'), ('ended', 'retention period ended')], max_length=8)),
                ('category', models.CharField(blank=True, db_default='', default='', max_length=63)),
                ('source_id', models.UUIDField(null=True)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ('subject', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject')),
            ],
            options={
                'indexes': [models.Index(fields=['client', 'subject'], name='retentionfact_of_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends_at', None), ('kind', 'ended')), fields=('client', 'subject', 'category'), name='retentionfact_one_end'), models.UniqueConstraint(condition=models.Q(('source_id__isnull', False)), fields=('client', 'source_id'), name='retentionfact_one_of_hold'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'hold'), ('source_id__isnull', False)), models.Q(('kind', 'ended'), ('source_id', None), ('subject__isnull', False)), _connector='OR'), name='retentionfact_of_its_kind')],
            },
        ),
        Isolate(
            TenantIsolation("RetentionFact"),
            SameClientForeignKey("RetentionFact", "subject", "subjects.Subject"),
        ),
    ]
