"""The tables of invitations."""

import django.db.models.deletion
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
                name='Invitation',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('child', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('guardian', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.subject')),
                    ('state', models.CharField(choices=[('contact_pending', 'Not asked yet'), ('notice_sent', 'Message sent'), ('delivery_failed', 'Message not delivered'), ('viewed', 'Page opened'), ('verifying', 'Waits for a second confirmation'), ('given', 'Given'), ('refused', 'Refused'), ('expired', 'Never answered')], max_length=16)),
                    ('problem', models.CharField(blank=True, choices=[('missing', 'No email address or telephone number is known: ask on paper or in person.'), ('of_the_child', 'The child has the same contact, as in a household with one telephone: ask on paper or in person.'), ('like_a_child', "The address is similar to the child's own: ask on paper or in person."), ('of_a_child', 'A child of the school has the same contact: ask on paper or in person.'), ('shared', 'Many people share this contact: ask on paper or in person.'), ('too_many', "This contact has reached today's limit of messages: the next one is sent tomorrow.")], max_length=16, verbose_name='problem')),
                    ('channel', models.CharField(blank=True, choices=[('mail', 'Email'), ('text', 'Text message')], max_length=8)),
                    ('portal', models.CharField(max_length=300)),
                    ('letter', models.UUIDField(help_text='The last message about it.', null=True)),
                    ('reminders', models.PositiveSmallIntegerField(default=0)),
                    ('asked_at', models.DateTimeField(verbose_name='asked')),
                    ('sent_at', models.DateTimeField(null=True, verbose_name='last message')),
                    ('delivered_at', models.DateTimeField(help_text='When the last message was handed to the mail server or gateway.', null=True, verbose_name='delivered')),
                    ('viewed_at', models.DateTimeField(null=True, verbose_name='opened')),
                    ('said_at', models.DateTimeField(null=True, verbose_name='consented')),
                    ('said_words', models.CharField(blank=True, max_length=64)),
                    ('said_language', models.CharField(blank=True, max_length=8)),
                    ('confirm_due_at', models.DateTimeField(null=True)),
                    ('confirm_sent_at', models.DateTimeField(null=True)),
                    ('answered_at', models.DateTimeField(null=True, verbose_name='answered')),
                    ('closes_at', models.DateTimeField(verbose_name='contact deleted after')),
                ],
                options={
                    'verbose_name': 'invitation of a guardian',
                    'verbose_name_plural': 'invitations of guardians',
                    'ordering': ['-asked_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-asked_at', '-id'], name='invitation_by_time'), models.Index(fields=['-asked_at', '-id'], name='invitation_by_time_all'), models.Index(fields=['client', 'state', '-asked_at', '-id'], name='invitation_by_state'), models.Index(fields=['state', '-asked_at', '-id'], name='invitation_by_state_all'), models.Index(fields=['client', 'problem', '-asked_at', '-id'], name='invitation_by_problem'), models.Index(fields=['problem', '-asked_at', '-id'], name='invitation_by_problem_all'), models.Index(fields=['client', 'guardian', 'id'], name='invitation_of_guardian'), models.Index(fields=['client', 'child', 'id'], name='invitation_of_child'), models.Index(condition=models.Q(('state__in', ['contact_pending', 'delivery_failed', 'notice_sent', 'verifying', 'viewed'])), fields=['closes_at'], name='invitation_open')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['contact_pending', 'delivery_failed', 'notice_sent', 'verifying', 'viewed'])), fields=('client', 'child', 'guardian'), name='invitation_one_open'), models.CheckConstraint(condition=models.Q(('child', models.F('guardian')), _negated=True), name='invitation_never_to_the_child'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('state__in', ['given', 'refused'])), models.Q(models.Q(('state__in', ['given', 'refused']), _negated=True), ('answered_at', None)), _connector='OR'), name='invitation_answered_at_its_moment'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'verifying'), _negated=True), models.Q(('confirm_due_at__gte', models.F('said_at')), ('confirm_due_at__isnull', False), ('said_at__isnull', False)), _connector='OR'), name='invitation_confirmed_later'), models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('asked_at'))), name='invitation_closes_later')],
                },
            ),
        ),
    ]
