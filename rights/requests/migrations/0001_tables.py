"""The tables of requests."""

import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        ('consent', '0001_tables'),
        ('people', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='RightsRequest',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('number', models.CharField(max_length=16)),
                    ('channel', models.CharField(choices=[('form', 'Public form'), ('own_page', 'The person’s own page'), ('api', 'Learning platform'), ('client', 'Client administrator'), ('telephone', 'Telephone'), ('mail', 'Email')], max_length=16)),
                    ('state', models.CharField(choices=[('triage', 'To be assigned to a person'), ('identity_pending', 'Identity not verified yet'), ('with_client', 'The client decides'), ('in_review', 'PakTaleem decides'), ('approved', 'Granted, to be answered'), ('partly_approved', 'Partly granted, to be answered'), ('refused', 'Refused, to be answered'), ('executing', 'Being carried out'), ('responded', 'Answered, to be closed'), ('closed', 'Closed'), ('withdrawn', 'Withdrawn by the person'), ('duplicate', 'Continued in another request'), ('handed_over', 'Handed over to a client')], max_length=20)),
                    ('subject', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('requester', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('guardian_right', models.CharField(blank=True, choices=[('access', 'Access to the data'), ('rectification', 'Rectification'), ('erasure', 'Erasure'), ('restriction', 'Restriction of processing'), ('portability', 'Portability'), ('objection', 'Objection'), ('withdrawal', 'Withdrawal of consent'), ('complaint', 'Complaint'), ('question', 'Question'), ('child_concern', 'Concern about a child')], default='', max_length=16)),
                    ('duplicate_of', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('details', models.BinaryField(null=True)),
                    ('contact', models.BinaryField(null=True)),
                    ('contact_index', models.BinaryField(max_length=32, null=True)),
                    ('answer', models.BinaryField(help_text='The text of the answer.', null=True)),
                    ('epoch', models.PositiveIntegerField(null=True)),
                    ('wrapped', models.BinaryField(null=True)),
                    ('language', models.CharField(max_length=8)),
                    ('identity_method', models.CharField(blank=True, choices=[('lms', 'Signed in at the learning platform'), ('code', 'Code to a contact on file'), ('client', 'Confirmed by the client'), ('call_back', 'Call back to a number on file')], default='', max_length=16)),
                    ('identity_verified_at', models.DateTimeField(null=True)),
                    ('received_at', models.DateTimeField(verbose_name='received')),
                    ('due_at', models.DateTimeField(verbose_name='due')),
                    ('expected_by', models.DateTimeField(verbose_name='answer expected by')),
                    ('answer_by', models.DateTimeField(null=True)),
                    ('notice_at', models.DateTimeField(null=True, verbose_name='reasoned notice')),
                    ('answered_at', models.DateTimeField(null=True, verbose_name='answered')),
                    ('delivered_at', models.DateTimeField(null=True, verbose_name='answer delivered')),
                    ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ],
                options={
                    'verbose_name': 'rights request',
                    'verbose_name_plural': 'rights requests',
                    'ordering': ['-received_at', '-id'],
                    'indexes': [models.Index(fields=['client', 'subject'], name='rights_of_subject'), models.Index(fields=['client', 'requester'], name='rights_of_requester'), models.Index(fields=['number'], name='rights_by_number'), models.Index(condition=models.Q(('contact_index__isnull', False), ('subject', None)), fields=['client', 'contact_index'], name='rights_by_contact'), models.Index(fields=['client', '-received_at', '-id'], name='rights_by_time'), models.Index(fields=['-received_at', '-id'], name='rights_by_time_all'), models.Index(fields=['client', 'state', '-received_at', '-id'], name='rights_by_state'), models.Index(fields=['state', '-received_at', '-id'], name='rights_by_state_all'), models.Index(fields=['client', 'channel', '-received_at', '-id'], name='rights_by_channel'), models.Index(fields=['channel', '-received_at', '-id'], name='rights_by_channel_all'), models.Index(condition=models.Q(('closed_at', None)), fields=['client', 'state', 'due_at', 'id'], name='rights_open_by_state'), models.Index(condition=models.Q(('closed_at', None)), fields=['state', 'due_at', 'id'], name='rights_open_by_state_all'), models.Index(condition=models.Q(('closed_at', None)), fields=['client', 'channel', 'due_at', 'id'], name='rights_open_by_channel'), models.Index(condition=models.Q(('closed_at', None)), fields=['channel', 'due_at', 'id'], name='rights_open_by_channel_all'), models.Index(condition=models.Q(('assignee', None), ('closed_at', None)), fields=['client', 'due_at', 'id'], name='rights_unassigned_by_due'), models.Index(condition=models.Q(('assignee', None), ('closed_at', None)), fields=['due_at', 'id'], name='rights_unassigned_by_due_all'), models.Index(condition=models.Q(('closed_at', None)), fields=['assignee', 'due_at'], name='rights_open_by_assignee'), models.Index(condition=models.Q(('wrapped__isnull', False)), fields=['closed_at'], name='rights_texts_by_closing'), models.Index(condition=models.Q(('closed_at', None)), fields=['client', 'due_at', 'id'], include=('answer_by',), name='rights_open_by_due'), models.Index(condition=models.Q(('closed_at', None)), fields=['due_at', 'id'], include=('answer_by',), name='rights_open_by_due_all'), models.Index(condition=models.Q(('closed_at', None), ('delivered_at', None)), fields=['client', 'answer_by', 'id'], name='rights_by_deadline'), models.Index(condition=models.Q(('closed_at', None), ('delivered_at', None)), fields=['answer_by', 'id'], name='rights_by_deadline_all'), models.Index(condition=models.Q(('answered_at', None), ('closed_at', None), ('identity_method__in', ('', 'code'))), fields=['client', 'answer_by', 'id'], name='rights_to_call_back'), models.Index(condition=models.Q(('answered_at', None), ('closed_at', None), ('identity_method__in', ('', 'code'))), fields=['answer_by', 'id'], name='rights_to_call_back_all')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'handed_over'), _negated=True), fields=('client', 'number'), name='rights_number_once'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('received_at')), ('due_at__lte', django.db.models.expressions.CombinedExpression(models.F('received_at'), '+', models.Value(datetime.timedelta(days=30))))), name='rights_due_in_30_days'), models.CheckConstraint(condition=models.Q(('delivered_at', None), ('answered_at__isnull', False), _connector='OR'), name='rights_delivers_an_answer'), models.CheckConstraint(condition=models.Q(('expected_by__gte', models.F('due_at'))), name='rights_expected_not_earlier'), models.CheckConstraint(condition=models.Q(models.Q(('identity_method', ''), ('identity_verified_at', None)), models.Q(('identity_verified_at__isnull', False), ('subject__isnull', False), models.Q(('identity_method', ''), _negated=True)), _connector='OR'), name='rights_identity_has_a_method'), models.CheckConstraint(condition=models.Q(('closed_at', None), ('state__in', ['closed', 'withdrawn', 'duplicate', 'handed_over']), _connector='OR'), name='rights_closed_is_final'), models.CheckConstraint(condition=models.Q(models.Q(('duplicate_of__isnull', False), ('state', 'duplicate')), models.Q(models.Q(('state', 'duplicate'), _negated=True), ('duplicate_of', None)), _connector='OR'), name='rights_duplicate_of_another'), models.CheckConstraint(condition=models.Q(models.Q(('guardian_right', ''), ('requester', None)), models.Q(('requester__isnull', False), ('subject__isnull', False), models.Q(('guardian_right', ''), _negated=True)), _connector='OR'), name='rights_guardian_asks_for_a_right'), models.CheckConstraint(condition=models.Q(('requester', None), models.Q(('requester', models.F('subject')), _negated=True), _connector='OR'), name='rights_guardian_is_another'), models.UniqueConstraint(condition=models.Q(('closed_at', None), ('requester__isnull', False)), fields=('client', 'subject', 'requester', 'guardian_right'), name='rights_one_open_of_guardian')],
                },
            ),
            migrations.CreateModel(
                name='RequestStep',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('kind', models.CharField(max_length=32)),
                    ('state', models.CharField(help_text='State of the request after this step.', max_length=20)),
                    ('facts', models.JSONField(default=dict)),
                    ('entry_id', models.UUIDField()),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'request', 'at', 'id'], name='rightsstep_of_request')],
                },
            ),
            migrations.CreateModel(
                name='RequestPause',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('cause', models.CharField(choices=[('identity', 'Their identity is not verified yet'), ('clarification', 'They were asked what they mean')], max_length=16)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['starts_at', 'id'],
                    'indexes': [models.Index(fields=['client', 'request'], name='rightspause_of_request')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='rightspause_ends_later'), models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('client', 'request'), name='rightspause_one_open')],
                },
            ),
            migrations.CreateModel(
                name='RequestPart',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('kind', models.CharField(choices=[('access', 'Access to the data'), ('rectification', 'Rectification'), ('erasure', 'Erasure'), ('restriction', 'Restriction of processing'), ('portability', 'Portability'), ('objection', 'Objection'), ('withdrawal', 'Withdrawal of consent'), ('complaint', 'Complaint'), ('question', 'Question'), ('child_concern', 'Concern about a child')], max_length=16, verbose_name='right')),
                    ('decider', models.CharField(choices=[('client', 'The client'), ('paktaleem', 'PakTaleem')], max_length=16, verbose_name='decided by')),
                    ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('granted', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ('decision', models.CharField(blank=True, choices=[('granted', 'Granted'), ('partly', 'Partly granted'), ('refused', 'Refused')], default='', max_length=16)),
                    ('refusal_code', models.CharField(blank=True, choices=[('identity_not_verified', 'The identity could not be verified'), ('no_match', 'No data about this person was found'), ('manifestly_unfounded', 'The request is manifestly unfounded'), ('excessive', 'The request is excessive'), ('legal_obligation', 'A law requires the data to be kept'), ('third_party_rights', 'The rights of other persons would be impaired'), ('not_our_controller', 'Another controller decides about this data'), ('outside_scope', 'The right does not apply to this processing')], default='', max_length=32)),
                    ('reasons', models.BinaryField(null=True)),
                    ('decided_at', models.DateTimeField(null=True)),
                    ('decided_kind', models.CharField(blank=True, choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], default='', max_length=16)),
                    ('decided_by', models.UUIDField(null=True)),
                ],
                options={
                    'verbose_name': 'part of a rights request',
                    'verbose_name_plural': 'parts of rights requests',
                    'ordering': ['id'],
                    'indexes': [models.Index(fields=['kind', 'client', 'request'], name='rightspart_by_kind')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'request', 'kind', 'decider'), name='rightspart_once'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decided_kind', ''), ('decision', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True), models.Q(('decided_kind', ''), _negated=True)), _connector='OR'), name='rightspart_decided_by_someone'), models.CheckConstraint(condition=models.Q(models.Q(('decision__in', ['', 'granted']), ('refusal_code', '')), models.Q(('decision__in', ['partly', 'refused']), models.Q(('refusal_code', ''), _negated=True)), _connector='OR'), name='rightspart_refused_with_code'), models.CheckConstraint(condition=models.Q(('granted', []), ('decision', 'partly'), _connector='OR'), name='rightspart_granted_partly')],
                },
            ),
            migrations.CreateModel(
                name='RequestNote',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('text', models.BinaryField(null=True)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['at', 'id'],
                    'indexes': [models.Index(fields=['client', 'request', 'at', 'id'], name='rightsnote_of_request')],
                },
            ),
            migrations.CreateModel(
                name='RequestLimit',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('restriction', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.restriction')),
                    ('objection', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.objection')),
                ],
                options={
                    'ordering': ['id'],
                    'indexes': [models.Index(fields=['client', 'restriction'], name='rightslimit_by_restriction'), models.Index(fields=['client', 'objection'], name='rightslimit_by_objection')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('objection__isnull', False), ('restriction', None)), models.Q(('objection', None), ('restriction__isnull', False)), _connector='OR'), name='rightslimit_one_of_two'), models.UniqueConstraint(fields=('client', 'request', 'restriction'), name='rightslimit_restriction_once'), models.UniqueConstraint(fields=('client', 'request', 'objection'), name='rightslimit_objection_once')],
                },
            ),
            migrations.CreateModel(
                name='RequestExtension',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests.rightsrequest')),
                    ('days', models.PositiveSmallIntegerField()),
                    ('reason', models.BinaryField(null=True)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('client', 'request'), name='rightsextension_once')],
                },
            ),
        ),
    ]
