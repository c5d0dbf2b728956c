"""The tables of breaches."""

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
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Breach',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('incident', models.UUIDField(editable=False)),
                    ('happened_from', models.DateTimeField(verbose_name='happened from')),
                    ('happened_until', models.DateTimeField(blank=True, help_text='Leave empty if it is not known, or goes on.', null=True, verbose_name='happened until')),
                    ('known_at', models.DateTimeField(help_text='When the controller became aware: 72 hours count from it.', verbose_name='known since')),
                    ('reported_by', models.CharField(choices=[('staff', 'Staff of PakTaleem'), ('client', 'The client'), ('provider', 'A provider'), ('person', 'A person concerned'), ('researcher', 'Someone who found it'), ('monitoring', 'Monitoring')], max_length=16)),
                    ('reporter', models.CharField(blank=True, help_text='A role or an organisation; do not name people.', max_length=200, verbose_name='reported by, in words')),
                    ('what', models.TextField(help_text='Published in letters; do not name people.', max_length=4000, verbose_name='what happened')),
                    ('consequences', models.TextField(blank=True, max_length=4000, verbose_name='likely consequences')),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every category is concerned.', verbose_name='data categories')),
                    ('systems', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every system is concerned.')),
                    ('measures', models.TextField(blank=True, editable=False, max_length=4000)),
                    ('lessons', models.TextField(blank=True, editable=False, max_length=4000)),
                    ('outcome', models.CharField(blank=True, choices=[('none', 'No one: a risk is unlikely'), ('authority', 'The supervisory authority'), ('people', 'The supervisory authority, and the people concerned')], editable=False, max_length=16, verbose_name='to be informed')),
                    ('due_at', models.DateTimeField(editable=False, verbose_name='authority due')),
                    ('recorded_at', models.DateTimeField(editable=False, verbose_name='recorded')),
                    ('client_informed_at', models.DateTimeField(editable=False, null=True, verbose_name='client informed')),
                    ('authority_notified_at', models.DateTimeField(editable=False, null=True, verbose_name='authority notified')),
                    ('people_informed_at', models.DateTimeField(editable=False, null=True, verbose_name='people informed')),
                    ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
                ],
                options={
                    'verbose_name': 'personal-data breach',
                    'verbose_name_plural': 'personal-data breaches',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-recorded_at', '-id'], name='breach_by_time'), models.Index(fields=['-recorded_at', '-id'], name='breach_by_time_all'), models.Index(condition=models.Q(('authority_notified_at', None), ('closed_at', None), models.Q(('outcome', 'none'), _negated=True)), fields=['client', 'due_at', 'id'], name='breach_running_by_due'), models.Index(condition=models.Q(('authority_notified_at', None), ('closed_at', None), models.Q(('outcome', 'none'), _negated=True)), fields=['due_at', 'id'], name='breach_running_by_due_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'incident'), name='breach_once_per_client'), models.CheckConstraint(condition=models.Q(('what', ''), _negated=True), name='breach_says_what'), models.CheckConstraint(condition=models.Q(('happened_until', None), ('happened_until__gte', models.F('happened_from')), _connector='OR'), name='breach_period'), models.CheckConstraint(condition=models.Q(('known_at__gte', models.F('happened_from'))), name='breach_known_afterwards'), models.CheckConstraint(condition=models.Q(('known_at__lte', models.F('recorded_at'))), name='breach_known_before_recorded'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('known_at'))), name='breach_due_later'), models.CheckConstraint(condition=models.Q(('closed_at', None), models.Q(models.Q(('outcome', ''), _negated=True), models.Q(('measures', ''), _negated=True), models.Q(('lessons', ''), _negated=True)), _connector='OR'), name='breach_closed_complete')],
                },
            ),
            migrations.CreateModel(
                name='BreachAssessment',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('breach', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaches.breach')),
                    ('likelihood', models.CharField(choices=[('unlikely', 'Unlikely'), ('possible', 'Possible'), ('likely', 'Likely')], max_length=16)),
                    ('severity', models.CharField(choices=[('minor', 'Minor: an inconvenience'), ('serious', 'Serious: harm that can be overcome'), ('severe', 'Severe: lasting harm')], max_length=16)),
                    ('suggested', models.CharField(choices=[('none', 'No one: a risk is unlikely'), ('authority', 'The supervisory authority'), ('people', 'The supervisory authority, and the people concerned')], max_length=16)),
                    ('outcome', models.CharField(choices=[('none', 'No one: a risk is unlikely'), ('authority', 'The supervisory authority'), ('people', 'The supervisory authority, and the people concerned')], max_length=16)),
                    ('reasons', models.TextField(max_length=4000)),
                    ('people', models.PositiveIntegerField()),
                    ('stated', models.PositiveIntegerField(null=True)),
                    ('list_hash', models.CharField(max_length=64)),
                    ('assessed_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-assessed_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'breach', '-assessed_at', '-id'], name='breachassessment_of_breach')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('reasons', ''), _negated=True), name='breachassessment_has_reasons')],
                },
            ),
            migrations.CreateModel(
                name='BreachLetter',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('breach', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaches.breach')),
                    ('audience', models.CharField(choices=[('client', 'The client'), ('authority', 'The supervisory authority'), ('people', 'The people concerned; a child’s guardians')], max_length=16)),
                    ('language', models.CharField(max_length=8)),
                    ('text', models.TextField(max_length=8000)),
                    ('text_ur', models.TextField(blank=True, max_length=8000)),
                    ('recipient', models.CharField(blank=True, max_length=200)),
                    ('late_reason', models.TextField(blank=True, max_length=4000)),
                    ('assessment', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaches.breachassessment')),
                    ('sent_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['sent_at', 'id'],
                    'indexes': [models.Index(fields=['client', 'breach', 'sent_at', 'id'], name='breachletter_of_breach')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('assessment__isnull', False), ('audience', 'people')), models.Q(models.Q(('audience', 'people'), _negated=True), ('assessment', None)), _connector='OR'), name='breachletter_to_a_list'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'authority'), _negated=True), models.Q(('recipient', ''), _negated=True), _connector='OR'), name='breachletter_names_authority'), models.UniqueConstraint(fields=('client', 'assessment'), name='breachletter_once_for_a_list')],
                },
            ),
            migrations.CreateModel(
                name='BreachNotice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('letter', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaches.breachletter')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('recipient', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('message_id', models.UUIDField(null=True)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'indexes': [models.Index(fields=['client', 'letter', 'recipient'], name='breachnotice_by_recipient'), models.Index(fields=['client', 'subject'], name='breachnotice_of_person')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'letter', 'subject', 'recipient'), name='breachnotice_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('message_id', None), ('recipient', None)), models.Q(('message_id__isnull', False), ('recipient__isnull', False)), _connector='OR'), name='breachnotice_has_its_message')],
                },
            ),
            migrations.CreateModel(
                name='BreachPerson',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('assessment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='breaches.breachassessment')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63))),
                ],
                options={
                    'indexes': [models.Index(fields=['client', 'subject'], name='breachperson_of_person')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'assessment', 'subject'), name='breachperson_once')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalBreach',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('incident', models.UUIDField(editable=False)),
                    ('happened_from', models.DateTimeField(verbose_name='happened from')),
                    ('happened_until', models.DateTimeField(blank=True, help_text='Leave empty if it is not known, or goes on.', null=True, verbose_name='happened until')),
                    ('known_at', models.DateTimeField(help_text='When the controller became aware: 72 hours count from it.', verbose_name='known since')),
                    ('reported_by', models.CharField(choices=[('staff', 'Staff of PakTaleem'), ('client', 'The client'), ('provider', 'A provider'), ('person', 'A person concerned'), ('researcher', 'Someone who found it'), ('monitoring', 'Monitoring')], max_length=16)),
                    ('reporter', models.CharField(blank=True, help_text='A role or an organisation; do not name people.', max_length=200, verbose_name='reported by, in words')),
                    ('what', models.TextField(help_text='Published in letters; do not name people.', max_length=4000, verbose_name='what happened')),
                    ('consequences', models.TextField(blank=True, max_length=4000, verbose_name='likely consequences')),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every category is concerned.', verbose_name='data categories')),
                    ('systems', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, help_text='Leave all empty if every system is concerned.')),
                    ('measures', models.TextField(blank=True, editable=False, max_length=4000)),
                    ('lessons', models.TextField(blank=True, editable=False, max_length=4000)),
                    ('outcome', models.CharField(blank=True, choices=[('none', 'No one: a risk is unlikely'), ('authority', 'The supervisory authority'), ('people', 'The supervisory authority, and the people concerned')], editable=False, max_length=16, verbose_name='to be informed')),
                    ('due_at', models.DateTimeField(editable=False, verbose_name='authority due')),
                    ('recorded_at', models.DateTimeField(editable=False, verbose_name='recorded')),
                    ('client_informed_at', models.DateTimeField(editable=False, null=True, verbose_name='client informed')),
                    ('authority_notified_at', models.DateTimeField(editable=False, null=True, verbose_name='authority notified')),
                    ('people_informed_at', models.DateTimeField(editable=False, null=True, verbose_name='people informed')),
                    ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical personal-data breach',
                    'verbose_name_plural': 'historical personal-data breaches',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
        ),
    ]
