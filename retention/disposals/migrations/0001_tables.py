"""The tables of disposals."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('holdings', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='Sweep',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('ground', models.CharField(choices=[('retention_ended', 'The retention period is over'), ('agreement_ended', 'The agreement has ended')], max_length=32)),
                    ('held', models.PositiveIntegerField(help_text='Holdings at the start.')),
                    ('checked', models.PositiveIntegerField(db_default=0, default=0)),
                    ('flagged', models.PositiveIntegerField(db_default=0, default=0)),
                    ('cursor', models.UUIDField(null=True)),
                    ('opened_at', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['-opened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-opened_at'], name='sweep_by_time')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('client', 'ground'), name='sweep_one_open')],
                },
            ),
            migrations.CreateModel(
                name='Batch',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('sweep', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='disposals.sweep')),
                    ('ground', models.CharField(choices=[('retention_ended', 'The retention period is over'), ('agreement_ended', 'The agreement has ended')], max_length=32)),
                    ('decider', models.CharField(choices=[('client', 'The client'), ('paktaleem', 'PakTaleem')], max_length=16, verbose_name='controller of the data')),
                    ('is_automatic', models.BooleanField(db_default=False, default=False, verbose_name='without review')),
                    ('case_kind', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('case_id', models.UUIDField(null=True)),
                    ('stage', models.CharField(choices=[('flagging', 'Being put together'), ('review', 'In review'), ('second_person', 'Needs a second person'), ('scheduled', 'Scheduled'), ('executing', 'Orders are being issued'), ('verifying', 'Waiting for the systems'), ('certified', 'Certified'), ('cancelled', 'Ended without disposal')], max_length=16)),
                    ('size', models.PositiveIntegerField(db_default=0, default=0, verbose_name='holdings')),
                    ('summary', models.JSONField(db_default=[], default=list)),
                    ('cursor', models.UUIDField(null=True)),
                    ('pseudonym_key', models.BinaryField(null=True)),
                    ('opened_at', models.DateTimeField()),
                    ('reviewed_at', models.DateTimeField(null=True, verbose_name='ready for review')),
                    ('approved_kind', models.CharField(blank=True, choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], db_default='', default='', max_length=16)),
                    ('approved_by', models.UUIDField(null=True)),
                    ('approved_role', models.CharField(blank=True, db_default='', default='', max_length=32)),
                    ('approved_at', models.DateTimeField(null=True)),
                    ('starts_at', models.DateTimeField(null=True, verbose_name='orders not before')),
                    ('ordered_at', models.DateTimeField(null=True, verbose_name='orders issued')),
                    ('paused_at', models.DateTimeField(null=True, verbose_name='interrupted')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ],
                options={
                    'verbose_name': 'disposal',
                    'verbose_name_plural': 'disposals',
                    'ordering': ['-opened_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-opened_at', '-id'], name='batch_by_time'), models.Index(fields=['-opened_at', '-id'], name='batch_by_time_all'), models.Index(fields=['client', 'stage', '-opened_at', '-id'], name='batch_by_stage'), models.Index(fields=['stage', '-opened_at', '-id'], name='batch_by_stage_all'), models.Index(condition=models.Q(('ended_at', None)), fields=['client', 'opened_at', 'id'], name='batch_open'), models.Index(condition=models.Q(('ended_at', None)), fields=['opened_at', 'id'], name='batch_open_all'), models.Index(condition=models.Q(('stage', 'review')), fields=['client', 'opened_at', 'id'], name='batch_to_review'), models.Index(condition=models.Q(('stage', 'review')), fields=['opened_at', 'id'], name='batch_to_review_all'), models.Index(condition=models.Q(('case_id__isnull', False)), fields=['client', 'case_id'], name='batch_of_case')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['scheduled', 'executing', 'verifying', 'certified']), _negated=True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='batch_approved_first'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('pseudonym_key', None), ('stage__in', ['certified', 'cancelled'])), models.Q(models.Q(('stage__in', ['certified', 'cancelled']), _negated=True), ('ended_at', None)), _connector='OR'), name='batch_ends_once'), models.CheckConstraint(condition=models.Q(models.Q(('case_id', None), ('case_kind', '')), models.Q(models.Q(('case_kind', ''), _negated=True), ('case_id__isnull', False)), _connector='OR'), name='batch_case_is_whole')],
                },
            ),
            migrations.CreateModel(
                name='Certificate',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('body', models.TextField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('entry_id', models.UUIDField()),
                    ('issued_at', models.DateTimeField()),
                    ('batch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='disposals.batch')),
                ],
                options={
                    'verbose_name': 'certificate of a disposal',
                    'verbose_name_plural': 'certificates of disposals',
                    'ordering': ['issued_at', 'id'],
                    'abstract': False,
                    'constraints': [models.UniqueConstraint(fields=('client', 'batch'), name='disposalcertificate_one_per_batch')],
                },
            ),
            migrations.CreateModel(
                name='Item',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('batch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='disposals.batch')),
                    ('holding', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='holdings.holding')),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('category', models.CharField(max_length=63, verbose_name='data category')),
                    ('system_id', models.UUIDField(null=True)),
                    ('rule_id', models.UUIDField(null=True)),
                    ('action', models.CharField(choices=[('delete', 'Delete'), ('anonymise', 'Anonymise')], max_length=16, verbose_name='then')),
                    ('method', models.CharField(blank=True, choices=[('drop', 'Drop what identifies the person'), ('generalise', 'Generalise to groups'), ('keyed_pseudonym', 'Pseudonym whose key is destroyed')], max_length=24)),
                    ('used_at', models.DateTimeField(verbose_name='last collected or used')),
                    ('due_at', models.DateTimeField(verbose_name='due')),
                    ('state', models.CharField(choices=[('flagged', 'To be disposed of'), ('excluded', 'Taken out by a person'), ('extended', 'Kept longer by a person'), ('sent_back', 'Back to review: something changed'), ('no_system', 'No active system takes the order'), ('ordered', 'Ordered'), ('disposed', 'Done'), ('not_found', 'No such person there'), ('not_applicable', 'Not applicable'), ('waived', 'Answer waived by two people')], max_length=16)),
                    ('is_open', models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('state__in', ['flagged', 'ordered'])), output_field=models.BooleanField()), help_text='Flagged or ordered.', output_field=models.BooleanField())),
                    ('cause', models.CharField(blank=True, choices=[('gone', 'The data is no longer held'), ('being_erased', 'The person is or was erased'), ('held', 'On hold'), ('restricted', 'The person has restricted the processing'), ('used', 'Collected or used since it was flagged'), ('rule_changed', 'The rule or the due date changed'), ('not_due', 'No longer due'), ('elsewhere', 'Another system still needs this data of the person'), ('cancelled', 'The batch was cancelled')], db_default='', default='', max_length=16)),
                    ('answer', models.CharField(blank=True, db_default='', default='', help_text="The system's reason.", max_length=63)),
                    ('ground', models.TextField(blank=True, db_default='', default='', max_length=2000, verbose_name='ground in words')),
                    ('parcel', models.PositiveIntegerField(help_text='Number of the order set in its chunk.', null=True)),
                    ('again_at', models.DateTimeField(null=True, verbose_name='not flagged again before')),
                ],
                options={
                    'verbose_name': 'holding of a disposal',
                    'verbose_name_plural': 'holdings of disposals',
                    'ordering': ['-used_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'batch', 'subject'], name='item_of_person'), models.Index(condition=models.Q(('is_open', True)), fields=['client', 'batch'], name='item_open'), models.Index(condition=models.Q(('again_at__isnull', False)), fields=['client', 'holding', 'again_at'], name='item_again')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('client', 'holding'), name='item_one_open_of_holding'), models.CheckConstraint(condition=models.Q(('holding__isnull', False), ('system_id__isnull', False), _connector='OR'), name='item_of_holding_or_system'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['excluded', 'extended']), _negated=True), models.Q(models.Q(('ground', ''), _negated=True), ('again_at__isnull', False)), _connector='OR'), name='item_taken_out_with_ground'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent_back'), models.Q(('cause', ''), _negated=True)), models.Q(models.Q(('state', 'sent_back'), _negated=True), ('cause', '')), _connector='OR'), name='item_sent_back_with_cause')],
                },
            ),
        ),
    ]
