"""The tables of rectifications."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('people', '0001_tables'),
        ('requests', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='CorrectedValue',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('field', models.CharField(choices=[('full_name', 'Full name'), ('email', 'Email address'), ('phone', 'Phone'), ('birth_date', 'Birth date'), ('attested_age', 'Attested age'), ('declared_age', 'Declared age'), ('grade', 'Grade'), ('language', 'Language'), ('country', 'Country of residence'), ('other', 'Something else, in words'), ('roles', 'Roles')], max_length=32)),
                    ('old_value', models.BinaryField(null=True)),
                    ('new_value', models.BinaryField(null=True)),
                    ('age_change', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.agechange')),
                    ('reason', models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32)),
                    ('at', models.DateTimeField()),
                    ('applied_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['-at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject', 'id'], name='correctedvalue_of_subject'), models.Index(fields=['client', 'request'], name='correctedvalue_of_request'), models.Index(fields=['client', 'age_change'], name='correctedvalue_of_change')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('applied_at__isnull', False), ('age_change__isnull', False), _connector='OR'), name='correctedvalue_waits_or_applied')],
                },
            ),
            migrations.CreateModel(
                name='Correction',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('part', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.requestpart')),
                    ('field', models.CharField(choices=[('full_name', 'Full name'), ('email', 'Email address'), ('phone', 'Phone'), ('birth_date', 'Birth date'), ('attested_age', 'Attested age'), ('declared_age', 'Declared age'), ('grade', 'Grade'), ('language', 'Language'), ('country', 'Country of residence'), ('other', 'Something else, in words')], max_length=32)),
                    ('category', models.CharField(blank=True, default='', max_length=63)),
                    ('about', models.BinaryField(null=True)),
                    ('old_value', models.BinaryField(null=True)),
                    ('new_value', models.BinaryField(null=True)),
                    ('evidence', models.BinaryField(null=True)),
                    ('reasons', models.BinaryField(null=True)),
                    ('state', models.CharField(choices=[('open', 'Not decided yet'), ('made', 'Made'), ('refused', 'Refused')], default='open', max_length=16)),
                    ('given_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('given_by', models.UUIDField()),
                    ('given_role', models.CharField(max_length=32)),
                    ('given_at', models.DateTimeField()),
                    ('settled_by', models.UUIDField(null=True)),
                    ('settled_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['id'],
                    'indexes': [models.Index(fields=['client', 'request', 'id'], name='correction_of_request')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='correction_settled_by_someone')],
                },
            ),
            migrations.CreateModel(
                name='Disagreement',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), blank=True, default=list)),
                    ('text', models.BinaryField(null=True)),
                    ('stated_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-stated_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='disagreement_of_subject')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'request'), name='disagreement_of_request')],
                },
            ),
            migrations.CreateModel(
                name='RecipientNotice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('recipient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.recipient')),
                    ('recipient_owner', models.UUIDField(editable=False)),
                    ('outcome', models.CharField(blank=True, choices=[('informed', 'Informed'), ('nothing_shared', 'Nothing about this person was shared'), ('impossible', 'Impossible, or a disproportionate effort')], default='', max_length=16)),
                    ('listed_at', models.DateTimeField()),
                    ('settled_at', models.DateTimeField(null=True)),
                    ('settled_by', models.UUIDField(null=True)),
                ],
                options={
                    'ordering': ['id'],
                    'indexes': [models.Index(fields=['client', 'subject', 'id'], name='recipientnotice_of_subject')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'request', 'recipient'), name='recipientnotice_once'), models.UniqueConstraint(condition=models.Q(('outcome', ''), ('request', None)), fields=('client', 'subject', 'recipient'), name='recipientnotice_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('settled_at', None), ('settled_by', None)), models.Q(models.Q(('outcome', ''), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='recipientnotice_settled_by_someone')],
                },
            ),
        ),
    ]
