"""The tables of holdings."""

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('data_systems', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Collection',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('category', models.CharField(max_length=63)),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('occasion', models.CharField(max_length=63)),
                    ('purpose', models.CharField(blank=True, help_text='Empty: for no purpose of the register.', max_length=63)),
                    ('count', models.PositiveIntegerField(help_text='How many records.')),
                    ('reason', models.CharField(help_text='The decision at the time of collection.', max_length=64, verbose_name='decision')),
                    ('collected_at', models.DateTimeField()),
                    ('reported_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-reported_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject', 'category'], name='collection_of_person'), models.Index(fields=['client', '-reported_at', '-id'], name='collection_by_time'), models.Index(fields=['-reported_at', '-id'], name='collection_by_time_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='collection_of_something'), models.CheckConstraint(condition=models.Q(('collected_at__lte', models.F('reported_at'))), name='collection_not_in_future')],
                },
            ),
            migrations.CreateModel(
                name='FlaggedCollection',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('collection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='holdings.collection')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('category', models.CharField(max_length=63)),
                    ('purpose', models.CharField(blank=True, max_length=63)),
                    ('reason', models.CharField(max_length=64)),
                    ('flagged_at', models.DateTimeField()),
                    ('decision', models.CharField(blank=True, choices=[('disposed', 'Erase the data'), ('register_corrected', 'The register was corrected'), ('explained', 'Explained: the collection was lawful')], max_length=24)),
                    ('ground', models.TextField(blank=True, max_length=2000, verbose_name='ground in words')),
                    ('decided_at', models.DateTimeField(null=True)),
                    ('decided_kind', models.CharField(blank=True, max_length=16)),
                    ('decided_by', models.UUIDField(null=True)),
                    ('decided_role', models.CharField(blank=True, max_length=32)),
                ],
                options={
                    'ordering': ['-flagged_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-flagged_at', '-id'], name='flaggedcollection_by_time'), models.Index(fields=['-flagged_at', '-id'], name='flaggedcollection_by_time_all'), models.Index(condition=models.Q(('decided_at', None)), fields=['client', 'flagged_at', 'id'], name='flaggedcollection_open'), models.Index(condition=models.Q(('decided_at', None)), fields=['flagged_at', 'id'], name='flaggedcollection_open_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'collection'), name='flaggedcollection_once'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decision', ''), ('ground', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True), models.Q(('ground', ''), _negated=True)), _connector='OR'), name='flaggedcollection_decided_with_ground')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalIncident',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('cause', models.CharField(choices=[('collected', 'Collection from a child without authority'), ('revealed', 'A change of age showed that the person is a child'), ('false_proof', "A guardian's verification was false")], max_length=16)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), help_text='The data that was collected.')),
                    ('held', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list, editable=False)),
                    ('opened_at', models.DateTimeField(editable=False)),
                    ('due_at', models.DateTimeField(editable=False)),
                    ('closed_at', models.DateTimeField(editable=False, null=True)),
                    ('overdue_told_at', models.DateTimeField(editable=False, null=True, verbose_name='officers reminded')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.subject')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical incident',
                    'verbose_name_plural': 'historical incidents',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Holding',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('category', models.CharField(max_length=63)),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('occasions', models.JSONField(default=list, help_text='The occasions on which it was collected.')),
                    ('purposes', models.JSONField(default=list, help_text='The purposes for which it was collected.')),
                    ('count', models.PositiveBigIntegerField(help_text='How many records were reported.')),
                    ('first_collected_at', models.DateTimeField()),
                    ('last_collected_at', models.DateTimeField()),
                    ('last_activity_at', models.DateTimeField(help_text='When its system last reported that it was used.', null=True)),
                    ('ended_at', models.DateTimeField(help_text='When its system reported the erasure.', null=True)),
                ],
                options={
                    'ordering': ['-last_collected_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-last_collected_at', '-id'], name='holding_by_time'), models.Index(fields=['-last_collected_at', '-id'], name='holding_by_time_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['client', 'category', 'first_collected_at'], name='holding_by_age')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'subject', 'category', 'system'), name='holding_one_of_each', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('first_collected_at__lte', models.F('last_collected_at'))), name='holding_begins_first')],
                },
            ),
            migrations.CreateModel(
                name='Incident',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('cause', models.CharField(choices=[('collected', 'Collection from a child without authority'), ('revealed', 'A change of age showed that the person is a child'), ('false_proof', "A guardian's verification was false")], max_length=16)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), help_text='The data that was collected.')),
                    ('held', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list, editable=False)),
                    ('opened_at', models.DateTimeField(editable=False)),
                    ('due_at', models.DateTimeField(editable=False)),
                    ('closed_at', models.DateTimeField(editable=False, null=True)),
                    ('overdue_told_at', models.DateTimeField(editable=False, null=True, verbose_name='officers reminded')),
                ],
                options={
                    'ordering': ['-opened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-opened_at', '-id'], name='incident_by_time'), models.Index(fields=['-opened_at', '-id'], name='incident_by_time_all'), models.Index(condition=models.Q(('closed_at', None)), fields=['client', '-opened_at', '-id'], name='incident_open'), models.Index(condition=models.Q(('closed_at', None)), fields=['-opened_at', '-id'], name='incident_open_all'), models.Index(condition=models.Q(('closed_at', None)), fields=['client', 'due_at', 'id'], name='incident_open_by_due'), models.Index(condition=models.Q(('closed_at', None)), fields=['due_at', 'id'], name='incident_open_by_due_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('client', 'subject'), name='incident_one_open'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('opened_at'))), name='incident_due_later'), models.CheckConstraint(condition=models.Q(('closed_at', None), ('closed_at__gte', models.F('opened_at')), _connector='OR'), name='incident_period'), models.CheckConstraint(condition=models.Q(('categories__len__gte', 1)), name='incident_about_something')],
                },
            ),
        ),
    ]
