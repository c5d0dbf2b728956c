"""Drafts, announcements to clients, what they say about them, effects, and acknowledgements of the policy."""

import django.db.models.deletion
import paktaleem.foundation.tenancy.ids
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_user_history'),
        ('consent', '0009_shown_at'),
        ('subjects', '0008_of_age_threshold'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalNoticeDispatch',
            fields=[
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                ('actor_id', models.UUIDField()),
                ('actor_role', models.CharField(max_length=32)),
                ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.ids.new_id, editable=False)),
                ('version_owner', models.UUIDField(editable=False)),
                ('opened_at', models.DateTimeField(editable=False)),
                ('dispatched_at', models.DateTimeField(null=True)),
                ('proven_at', models.DateTimeField(null=True)),
                ('takes_effect_at', models.DateTimeField(null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('history_user_id', models.UUIDField(editable=False, null=True)),
                ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical announcement to a client',
                'verbose_name_plural': 'historical announcements to clients',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalNoticeDraft',
            fields=[
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                ('actor_id', models.UUIDField()),
                ('actor_role', models.CharField(max_length=32)),
                ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.ids.new_id, editable=False)),
                ('is_material', models.BooleanField(default=True, help_text='Material: clients are told in advance, and consents given under earlier texts must be renewed.')),
                ('text_en', models.TextField(verbose_name='text (English)')),
                ('text_ur', models.TextField(verbose_name='text (Urdu)')),
                ('child_text_en', models.TextField(blank=True, verbose_name='text for children (English)')),
                ('child_text_ur', models.TextField(blank=True, verbose_name='text for children (Urdu)')),
                ('changed_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.UUIDField(editable=False, null=True)),
                ('history_user_id', models.UUIDField(editable=False, null=True)),
                ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical notice draft',
                'verbose_name_plural': 'historical notice drafts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='NoticeDispatch',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version_owner', models.UUIDField(editable=False)),
                ('opened_at', models.DateTimeField(editable=False)),
                ('dispatched_at', models.DateTimeField(null=True)),
                ('proven_at', models.DateTimeField(null=True)),
                ('takes_effect_at', models.DateTimeField(null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('reminded_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'announcement to a client',
                'verbose_name_plural': 'announcements to clients',
                'ordering': ['-opened_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='NoticeDraft',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('is_material', models.BooleanField(default=True, help_text='Material: clients are told in advance, and consents given under earlier texts must be renewed.')),
                ('text_en', models.TextField(verbose_name='text (English)')),
                ('text_ur', models.TextField(verbose_name='text (Urdu)')),
                ('child_text_en', models.TextField(blank=True, verbose_name='text for children (English)')),
                ('child_text_ur', models.TextField(blank=True, verbose_name='text for children (Urdu)')),
                ('changed_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.UUIDField(editable=False, null=True)),
            ],
            options={
                'ordering': [models.OrderBy(models.F('closed_at'), nulls_first=True), '-changed_at'],
            },
        ),
        migrations.CreateModel(
            name='NoticeEffect',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version_owner', models.UUIDField(editable=False)),
                ('took_effect_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='NoticeResponse',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('acknowledged', 'Acknowledged'), ('objected', 'Objected'), ('answered', 'Objection answered')], max_length=16)),
                ('code', models.CharField(blank=True, choices=[('people', "It weakens people's rights"), ('law', 'It conflicts with a law we are bound by'), ('agreement', 'It conflicts with our agreement'), ('unclear', 'We do not understand it'), ('other', 'Another reason'), ('explained', 'Explained; the text stays'), ('changes', 'The text will be changed by another version'), ('agreement_follows', 'The agreement will be changed or ended')], max_length=32)),
                ('note', models.TextField(blank=True, help_text='About the text only: name nobody.', max_length=2000)),
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                ('actor_id', models.UUIDField()),
                ('actor_role', models.CharField(max_length=32)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['recorded_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='PolicyAcknowledgement',
            fields=[
                ('id', models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('version_owner', models.UUIDField(editable=False)),
                ('shown_hash', models.CharField(max_length=64)),
                ('language', models.CharField(max_length=8)),
                ('method', models.CharField(choices=[('lms', 'In the learning platform'), ('web', 'On a page of this portal'), ('paper', 'On paper'), ('phone', 'By telephone'), ('email', 'By mail to support'), ('in_person', 'In person'), ('import', 'Imported')], max_length=16)),
                ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                ('actor_id', models.UUIDField()),
                ('actor_role', models.CharField(max_length=32)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-recorded_at', '-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='noticeversion',
            name='noticeversion_not_backdated',
        ),
        migrations.RenameField(
            model_name='historicalnoticeversion',
            old_name='recorded_at',
            new_name='announced_at',
        ),
        migrations.RenameField(
            model_name='noticeversion',
            old_name='recorded_at',
            new_name='announced_at',
        ),
        migrations.AddField(
            model_name='historicalnotice',
            name='addresses_children',
            field=models.BooleanField(default=False, help_text='Every version then has a text that a child can read, too.'),
        ),
        migrations.AddField(
            model_name='historicalnoticeversion',
            name='child_text_en',
            field=models.TextField(blank=True, verbose_name='text for children (English)'),
        ),
        migrations.AddField(
            model_name='historicalnoticeversion',
            name='child_text_ur',
            field=models.TextField(blank=True, verbose_name='text for children (Urdu)'),
        ),
        migrations.AddField(
            model_name='historicalnoticeversion',
            name='notice_days',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='notice',
            name='addresses_children',
            field=models.BooleanField(default=False, help_text='Every version then has a text that a child can read, too.'),
        ),
        migrations.AddField(
            model_name='noticeversion',
            name='child_text_en',
            field=models.TextField(blank=True, verbose_name='text for children (English)'),
        ),
        migrations.AddField(
            model_name='noticeversion',
            name='child_text_ur',
            field=models.TextField(blank=True, verbose_name='text for children (Urdu)'),
        ),
        migrations.AddField(
            model_name='noticeversion',
            name='notice_days',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='historicalnoticeversion',
            name='is_material',
            field=models.BooleanField(default=True, help_text='Material: clients are told in advance, and consents given under earlier texts must be renewed.'),
        ),
        migrations.AlterField(
            model_name='noticeversion',
            name='is_material',
            field=models.BooleanField(default=True, help_text='Material: clients are told in advance, and consents given under earlier texts must be renewed.'),
        ),
        migrations.AddConstraint(
            model_name='noticeversion',
            constraint=models.CheckConstraint(condition=models.Q(('effective_at__gte', models.F('announced_at'))), name='noticeversion_not_backdated'),
        ),
        migrations.AddField(
            model_name='historicalnoticedispatch',
            name='client',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='historicalnoticedispatch',
            name='version',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.noticeversion'),
        ),
        migrations.AddField(
            model_name='historicalnoticedraft',
            name='client',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='historicalnoticedraft',
            name='notice',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='consent.notice'),
        ),
        migrations.AddField(
            model_name='noticedispatch',
            name='client',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='noticedispatch',
            name='version',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.noticeversion'),
        ),
        migrations.AddField(
            model_name='noticedraft',
            name='client',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='noticedraft',
            name='notice',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.notice'),
        ),
        migrations.AddField(
            model_name='noticeeffect',
            name='client',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='noticeeffect',
            name='version',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.noticeversion'),
        ),
        migrations.AddField(
            model_name='noticeresponse',
            name='client',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='noticeresponse',
            name='dispatch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.noticedispatch'),
        ),
        migrations.AddField(
            model_name='policyacknowledgement',
            name='client',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client'),
        ),
        migrations.AddField(
            model_name='policyacknowledgement',
            name='subject',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.subject'),
        ),
        migrations.AddField(
            model_name='policyacknowledgement',
            name='version',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.noticeversion'),
        ),
        migrations.AddConstraint(
            model_name='noticedispatch',
            constraint=models.UniqueConstraint(fields=('client', 'version'), name='noticedispatch_once_per_client'),
        ),
        migrations.AddConstraint(
            model_name='noticedispatch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dispatched_at', None), ('proven_at', None), ('takes_effect_at', None)), models.Q(('dispatched_at__isnull', False), ('proven_at__gte', models.F('dispatched_at')), ('takes_effect_at__gte', models.F('proven_at'))), _connector='OR'), name='noticedispatch_effect_follows_proof'),
        ),
        migrations.AddConstraint(
            model_name='noticedraft',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('client', 'notice'), name='noticedraft_one_open_per_notice'),
        ),
        migrations.AddConstraint(
            model_name='noticeeffect',
            constraint=models.UniqueConstraint(fields=('client', 'version'), name='noticeeffect_once_per_client'),
        ),
        migrations.AddConstraint(
            model_name='noticeeffect',
            constraint=models.CheckConstraint(condition=models.Q(('recorded_at__gte', models.F('took_effect_at'))), name='noticeeffect_recorded_afterwards'),
        ),
        migrations.AddConstraint(
            model_name='noticeresponse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', ''), ('kind', 'acknowledged')), models.Q(models.Q(('kind', 'acknowledged'), _negated=True), models.Q(('code', ''), _negated=True)), _connector='OR'), name='noticeresponse_objection_has_its_reason'),
        ),
        migrations.AddIndex(
            model_name='policyacknowledgement',
            index=models.Index(fields=['client', 'subject', '-recorded_at'], name='policyack_of_subject'),
        ),
        migrations.AddConstraint(
            model_name='policyacknowledgement',
            constraint=models.CheckConstraint(condition=models.Q(('claimed_at', None), ('claimed_at__lte', models.F('recorded_at')), _connector='OR'), name='policyack_claimed_not_future'),
        ),
    ]
