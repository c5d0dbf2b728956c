"""The tables of sharing."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('data_systems', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='BusinessTransfer',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('ground', models.TextField(blank=True, max_length=2000)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('kind', models.CharField(choices=[('merger', 'Merger'), ('acquisition', 'Acquisition'), ('asset_sale', 'Sale of assets')], max_length=16)),
                    ('other_party', models.CharField(help_text='The company that receives the business.', max_length=200, verbose_name='other party')),
                    ('text_en', models.TextField(help_text='What is transferred, and what changes for clients and people.', max_length=5000, verbose_name='text (English)')),
                    ('text_ur', models.TextField(max_length=5000, verbose_name='text (Urdu)')),
                    ('takes_place_on', models.DateField(help_text='Every client is notified 30 days before it.', verbose_name='takes place on')),
                    ('announced_as', models.UUIDField(editable=False, null=True)),
                ],
                options={
                    'verbose_name': 'business transfer',
                    'verbose_name_plural': 'business transfers',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-requested_at', '-id'], name='businesstransfer_by_time'), models.Index(fields=['-requested_at', '-id'], name='businesstransfer_by_time_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('client_id', uuid.UUID('01900000-0000-7000-8000-000000000001'))), name='businesstransfer_of_paktaleem'), models.CheckConstraint(condition=models.Q(models.Q(('announced_as__isnull', False), ('state', 'approved')), models.Q(models.Q(('state', 'approved'), _negated=True), ('announced_as', None)), _connector='OR'), name='businesstransfer_approved_is_announced'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='businesstransfer_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='businesstransfer_settled_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='businesstransfer_has_a_ground')],
                },
            ),
            migrations.CreateModel(
                name='Disclosure',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('recipient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.recipient')),
                    ('recipient_owner', models.UUIDField(editable=False)),
                    ('purpose', models.CharField(max_length=63)),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list)),
                    ('reason', models.CharField(help_text='The decision at the time of sharing.', max_length=64, verbose_name='decision')),
                    ('is_denied', models.BooleanField(verbose_name='denied')),
                    ('system', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='data_systems.system')),
                    ('system_owner', models.UUIDField(editable=False, null=True)),
                    ('shared_at', models.DateTimeField()),
                    ('reported_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-reported_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject', '-shared_at'], name='disclosure_of_person'), models.Index(fields=['client', 'subject', '-reported_at', '-id'], name='disclosure_listed_of_person'), models.Index(fields=['client', '-reported_at', '-id'], name='disclosure_by_time'), models.Index(fields=['-reported_at', '-id'], name='disclosure_by_time_all'), models.Index(condition=models.Q(('is_denied', True)), fields=['client', '-reported_at', '-id'], name='disclosure_denied'), models.Index(condition=models.Q(('is_denied', True)), fields=['-reported_at', '-id'], name='disclosure_denied_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('is_denied', False), ('reason', 'permitted')), models.Q(('is_denied', True), models.Q(('reason', 'permitted'), _negated=True)), _connector='OR'), name='disclosure_denied_for_a_reason'), models.CheckConstraint(condition=models.Q(('categories', []), _negated=True), name='disclosure_of_something'), models.CheckConstraint(condition=models.Q(('shared_at__lte', models.F('reported_at'))), name='disclosure_not_in_future')],
                },
            ),
            migrations.CreateModel(
                name='LegalDisclosure',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('replaced', 'Replaced by a later change')], default='waiting', max_length=16)),
                    ('requested_kind', models.CharField(editable=False, max_length=16)),
                    ('requested_by', models.UUIDField(editable=False)),
                    ('requested_at', models.DateTimeField(editable=False)),
                    ('settled_by', models.UUIDField(editable=False, null=True)),
                    ('settled_at', models.DateTimeField(editable=False, null=True)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('authority', models.CharField(max_length=200)),
                    ('instrument', models.CharField(choices=[('subpoena', 'Subpoena'), ('court_order', 'Court order'), ('warrant', 'Search warrant'), ('statutory_request', 'Request under a statute'), ('police_request', 'Police request')], max_length=20)),
                    ('reference', models.CharField(max_length=100, verbose_name='reference number')),
                    ('received_on', models.DateField(verbose_name='received on')),
                    ('demanded', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list, help_text='Codes of the data categories demanded.')),
                    ('scope', models.TextField(help_text='What is demanded, and for which period. Do not name people.', max_length=2000)),
                    ('ground', models.TextField(help_text='Whether the demand is valid and how it was narrowed. Do not name people.', max_length=2000, verbose_name='review')),
                    ('is_secret', models.BooleanField(db_default=True, default=True, help_text='The instrument forbids to inform the client.', verbose_name='kept from the client')),
                    ('disclosed_at', models.DateTimeField(null=True)),
                    ('disclosed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list, help_text='Codes of the data categories disclosed.')),
                    ('what_went', models.TextField(blank=True, help_text='What was handed over. Do not name people.', max_length=2000)),
                    ('informed', models.CharField(blank=True, choices=[('person', 'The person'), ('guardian', 'A guardian, for the child')], default='', max_length=16, verbose_name='who was informed')),
                    ('informed_on', models.DateField(null=True, verbose_name='informed on')),
                    ('not_informed', models.CharField(blank=True, choices=[('order', 'The order forbids it'), ('law', 'A law forbids it'), ('risk', 'It would endanger someone'), ('unreachable', 'No contact on file reaches the person')], default='', max_length=16, verbose_name='why not informed')),
                ],
                options={
                    'verbose_name': 'legal disclosure',
                    'verbose_name_plural': 'legal disclosures',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='legaldisclosure_of_person'), models.Index(fields=['client', '-requested_at', '-id'], name='legaldisclosure_by_time'), models.Index(fields=['-requested_at', '-id'], name='legaldisclosure_by_time_all'), models.Index(fields=['client', 'state', '-requested_at', '-id'], name='legaldisclosure_by_state'), models.Index(fields=['state', '-requested_at', '-id'], name='legaldisclosure_by_state_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('disclosed', []), ('disclosed_at', None), ('informed', ''), ('informed_on', None), ('not_informed', '')), models.Q(('disclosed_at__gte', models.F('settled_at')), ('state', 'approved'), models.Q(('disclosed', []), _negated=True)), _connector='OR'), name='legaldisclosure_approved_first'), models.CheckConstraint(condition=models.Q(('disclosed_at', None), models.Q(models.Q(('informed', ''), _negated=True), ('informed_on__isnull', False), ('not_informed', '')), models.Q(('informed', ''), ('informed_on', None), models.Q(('not_informed', ''), _negated=True)), _connector='OR'), name='legaldisclosure_informed_or_why_not'), models.CheckConstraint(condition=models.Q(('disclosed__contained_by', models.F('demanded'))), name='legaldisclosure_not_more_than_demanded'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='legaldisclosure_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='legaldisclosure_settled_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='legaldisclosure_has_a_ground')],
                },
            ),
        ),
    ]
