"""The tables of agreements."""

import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('files', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='AgreementDocument',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.sealedfile')),
                    ('file_kind', models.CharField(max_length=16)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('added_by', models.UUIDField()),
                    ('added_at', models.DateTimeField()),
                    ('agreement', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.serviceagreement')),
                    ('kind', models.CharField(choices=[('agreement', 'Agreement'), ('amendment', 'Amendment'), ('instruction', 'Written instruction'), ('other', 'Other document')], max_length=16)),
                ],
                options={
                    'ordering': ['-added_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'agreement'], name='document_of_agreement')],
                },
            ),
            migrations.CreateModel(
                name='AgreementSigning',
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
                    ('agreement', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.serviceagreement')),
                    ('first_side', models.CharField(choices=[('paktaleem', 'PakTaleem'), ('client', 'The client')], max_length=16)),
                    ('paper', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agreements.agreementdocument')),
                    ('terms_hash', models.CharField(max_length=64)),
                ],
                options={
                    'verbose_name': 'signing of an agreement',
                    'verbose_name_plural': 'signings of agreements',
                    'ordering': ['-requested_at', '-id'],
                    'indexes': [models.Index(fields=['state', 'first_side'], name='agreementsigning_by_state')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'approved'])), fields=('client', 'agreement'), name='agreementsigning_one_at_a_time'), models.CheckConstraint(condition=models.Q(('paper', None), ('first_side', 'client'), ('state', 'approved'), _connector='OR'), name='agreementsigning_paper_is_the_clients'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by', models.F('requested_by')), _negated=True), _connector='OR'), name='agreementsigning_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='agreementsigning_settled_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('requested_kind', 'user'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='agreementsigning_has_a_ground')],
                },
            ),
            migrations.CreateModel(
                name='ClientContact',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('kind', models.CharField(choices=[('privacy', 'Privacy contact'), ('dpo', 'Data protection officer'), ('notices', 'Receives notices')], max_length=16)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                ],
                options={
                    'ordering': ['kind', '-starts_at'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='clientcontact_of_person'), models.Index(fields=['client', '-starts_at', '-id'], name='clientcontact_by_start'), models.Index(fields=['-starts_at', '-id'], name='clientcontact_by_start_all')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='clientcontact_period')],
                },
            ),
            migrations.CreateModel(
                name='DutyAttestation',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('duty', models.CharField(choices=[('lawful_collection', 'Lawful collection'), ('users_informed', 'Users informed'), ('law_complied', 'Law complied with')], max_length=24)),
                    ('notice_url', models.URLField(blank=True, default='', help_text='Where users are informed.', max_length=300, verbose_name='link')),
                    ('text_version', models.PositiveSmallIntegerField()),
                    ('text_hash', models.CharField(max_length=64)),
                    ('valid_until', models.DateField(verbose_name='valid until')),
                    ('attested_by', models.UUIDField()),
                    ('attested_at', models.DateTimeField(verbose_name='attested')),
                ],
                options={
                    'verbose_name': 'attested duty',
                    'verbose_name_plural': 'attested duties',
                    'ordering': ['-attested_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-attested_at', '-id'], name='dutyattestation_by_time'), models.Index(fields=['-attested_at', '-id'], name='dutyattestation_by_time_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'duty', 'valid_until'), name='dutyattestation_once_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('duty', 'users_informed'), _negated=True), models.Q(('notice_url', ''), _negated=True), _connector='OR'), name='dutyattestation_informed_by_a_link')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalClientContact',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('kind', models.CharField(choices=[('privacy', 'Privacy contact'), ('dpo', 'Data protection officer'), ('notices', 'Receives notices')], max_length=16)),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('subject', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.subject')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical client contact',
                    'verbose_name_plural': 'historical client contacts',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
        ),
    ]
