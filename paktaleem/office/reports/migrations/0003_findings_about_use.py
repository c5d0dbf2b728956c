"""Trends of questions, and the table of findings about the use of data."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.rows
from django.db import migrations, models

from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_former_staff'),
        ('reports', '0002_tenancy'),
    ]

    operations = [
        migrations.AlterField(
            model_name='weeklycount',
            name='measure',
            field=models.CharField(choices=[('consents', 'Consents given and withdrawn'), ('answers', 'Rights requests answered in time'), ('questions', 'Questions that systems asked'), ('decisions', 'Recorded decisions'), ('holdings', 'Holdings by age')], max_length=16),
        ),
        CreateTables(
            migrations.CreateModel(
                name='UseFinding',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('ground', models.TextField(blank=True, db_default='', default='', max_length=2000, verbose_name='ground in words')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                    ('decided_by', models.UUIDField(null=True)),
                    ('decided_role', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('kind', models.CharField(choices=[('not_asked', 'No permitted question before it'), ('denied', 'Done after a denial'), ('never_asks', 'A key that never asks'), ('unusual', 'An unusual hour or volume')], max_length=16, verbose_name='finding')),
                    ('what', models.CharField(choices=[('collection', 'Collection'), ('disclosure', 'Disclosure'), ('key', 'API key')], max_length=16, verbose_name='about')),
                    ('source_id', models.UUIDField(null=True)),
                    ('source', models.CharField(blank=True, max_length=200, verbose_name='system or key')),
                    ('purpose', models.CharField(blank=True, max_length=63)),
                    ('number', models.PositiveBigIntegerField()),
                    ('first_on', models.DateField(verbose_name='first day')),
                    ('last_on', models.DateField(verbose_name='last day')),
                    ('found_at', models.DateTimeField(verbose_name='found')),
                    ('decision', models.CharField(blank=True, choices=[('explained', 'Explained'), ('mended', 'The system now asks and obeys'), ('erased', 'The data has been erased'), ('stopped', 'The key or the system has been stopped')], db_default='', default='', max_length=16)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                ],
                options={
                    'verbose_name': 'finding about the use of data',
                    'verbose_name_plural': 'findings about the use of data',
                    'ordering': ['-found_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-found_at', '-id'], name='usefinding_by_time'), models.Index(fields=['-found_at', '-id'], name='usefinding_by_time_all'), models.Index(condition=models.Q(('decided_at', None)), fields=['client', 'found_at', 'id'], name='usefinding_open'), models.Index(condition=models.Q(('decided_at', None)), fields=['found_at', 'id'], name='usefinding_open_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('client', 'kind', 'what', 'source_id', 'purpose'), name='usefinding_one_open', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('first_on__lte', models.F('last_on'))), name='usefinding_days'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decision', ''), ('ground', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True), models.Q(('ground', ''), _negated=True)), _connector='OR'), name='usefinding_decided_with_ground')],
                },
            ),
        ),
    ]
