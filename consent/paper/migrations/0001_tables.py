"""Consent forms on paper and sheets of answers."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("children", "0001_tables"), ("consent", "0001_tables"), ("subjects", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name="AnswerSheet",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("kind", models.CharField(max_length=8, verbose_name="kind")),
                    ("sha256", models.CharField(max_length=64)),
                    ("rows", models.PositiveIntegerField(help_text='Rows with an answer.', verbose_name='rows')),
                    ("blank", models.PositiveIntegerField(help_text="Rows without any answer.")),
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("uploaded_at", models.DateTimeField(verbose_name="uploaded")),
                    ("school_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text="Schools of limited staff who uploaded it, to whom it is shown. None: the whole client.", null=True, size=None)),
                    ("confirm_by", models.UUIDField(null=True)),
                    ("confirm_role", models.CharField(blank=True, max_length=32)),
                    ("confirm_at", models.DateTimeField(null=True)),
                    ("confirmed_at", models.DateTimeField(null=True)),
                    ("epoch", models.PositiveIntegerField(null=True)),
                    ("wrapped", models.BinaryField(null=True)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "verbose_name": "answer sheet",
                    "ordering": ["-uploaded_at", "-id"],
                    "indexes": [models.Index(fields=["client", "-uploaded_at", "-id"], name="answersheet_by_time"), models.Index(fields=["-uploaded_at", "-id"], name="answersheet_by_time_all"), django.contrib.postgres.indexes.GinIndex(fields=["school_ids"], name="answersheet_by_school"), models.Index(fields=["confirm_at"], condition=models.Q(("confirm_at__isnull", False)), name="answersheet_confirmed")],
                    "constraints": [models.UniqueConstraint(fields=("client", "sha256"), name="answersheet_once")],
                },
            ),
            migrations.CreateModel(
                name="FormRun",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("name", models.CharField(help_text='The class or group, such as “Grade 7 B”. Do not name people.', max_length=100, verbose_name='group')),
                    ("people", models.PositiveIntegerField(editable=False, verbose_name="people")),
                    ("addressee", models.CharField(choices=[("person", "Each person for themselves"), ("guardian", "The parent or guardian of each child")], default="person", max_length=16, verbose_name="who answers")),
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], editable=False, max_length=16)),
                    ("actor_id", models.UUIDField(editable=False)),
                    ("actor_role", models.CharField(editable=False, max_length=32)),
                    ("made_at", models.DateTimeField(editable=False, verbose_name="made")),
                    ("school_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, editable=False, help_text="Schools of limited staff who made it, to whom it is shown. None: the whole client.", null=True, size=None)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "verbose_name": "consent form",
                    "ordering": ["-made_at", "-id"],
                    "indexes": [models.Index(fields=["client", "-made_at", "-id"], name="formrun_by_time"), models.Index(fields=["-made_at", "-id"], name="formrun_by_time_all"), django.contrib.postgres.indexes.GinIndex(fields=["school_ids"], name="formrun_by_school")],
                },
            ),
            migrations.CreateModel(
                name="FormPurpose",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("purpose_owner", models.UUIDField(editable=False)),
                    ("notice_version_owner", models.UUIDField(editable=False)),
                    ("position", models.PositiveSmallIntegerField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("notice_version", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.noticeversion")),
                    ("purpose", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.purpose")),
                    ("run", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="paper.formrun")),
                ],
                options={
                    "ordering": ["run", "position"],
                    "constraints": [models.UniqueConstraint(fields=("client", "run", "purpose"), name="formpurpose_once_per_form")],
                },
            ),
            migrations.CreateModel(
                name="FormPage",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("code", models.CharField(max_length=8)),
                    ("purposes", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator("\\A[a-z][a-z0-9_]{1,62}\\Z", "Use a–z, 0–9 and _, starting with a letter.")]), blank=True, default=list)),
                    ("notice_hash", models.CharField(blank=True, max_length=64)),
                    ("asks_sharing", models.BooleanField(default=False)),
                    ("position", models.PositiveIntegerField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("subject", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                    ("run", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="paper.formrun")),
                ],
                options={
                    "ordering": ["run", "position"],
                    "constraints": [models.UniqueConstraint(fields=("client", "code"), name="formpage_code_unique"), models.UniqueConstraint(fields=("client", "run", "subject"), name="formpage_once_per_person")],
                },
            ),
            migrations.CreateModel(
                name="SheetEntry",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("number", models.PositiveIntegerField(verbose_name="row")),
                    ("answers", models.JSONField(default=dict, help_text="Purpose → whether yes.")),
                    ("given_by", models.CharField(choices=[("self", "The data subject"), ("guardian", "A guardian")], max_length=16, verbose_name="answered by")),
                    ("method", models.CharField(choices=[("paper", "On paper"), ("phone", "By telephone")], max_length=16, verbose_name="method")),
                    ("relationship", models.CharField(blank=True, choices=[("parent", "Parent"), ("guardian", "Guardian"), ("relative", "Relative"), ("other", "Other")], max_length=16, verbose_name="relationship")),
                    ("named_by", models.UUIDField(null=True)),
                    ("answered_on", models.DateField(help_text="As the sheet says, in the client's time zone.", verbose_name="answered on")),
                    ("details", models.BinaryField(null=True)),
                    (
                        "state",
                        models.CharField(choices=[('matched', 'Matched'), ('unmatched', 'Unmatched'), ('contradictory', 'Contradictory'), ('outdated', 'Outdated'), ('guardian', 'Waiting for a guardian'), ('confirmed', 'Confirmed'), ('dismissed', 'Dismissed'), ('expired', 'Expired: not matched')], max_length=16, verbose_name='state'),
                    ),
                    (
                        "problem",
                        models.CharField(blank=True, choices=[('code_mistyped', 'The code has a typing error.'), ('code_unknown', 'No form of this client has this code.'), ('erased', 'The person is erased: nothing can be recorded.'), ('guardian_answered', 'A guardian answered on a form for the person. It neither names the guardian nor authorises the service: print a form for guardians.'), ('signer_missing', 'It is not entered which guardian signed the form.'), ('signer_unknown', 'The person who signed is not, or no longer, named as a guardian of this child.'), ('signer_barred', 'The guardian who signed may not decide for this child, for example because of a court order.'), ('signer_minor', 'The person who signed is a child.'), ('signer_new', 'Only the form names this guardian: a second person must check who signed, and record the row.'), ('not_signed', "A guardian's consent by telephone is not signed: it does not verify the guardian."), ('child_gave', "A child consented. A child's own consent does not count: a guardian must answer."), ('of_age', 'The person is of age and answers for themselves, not through a guardian.'), ('before_form', 'The answer is dated before the form was made.'), ('relationship_differs', 'The form states another relationship than the records: check who signed.'), ('other_refused', "Another guardian's refusal is in effect: it takes precedence over this consent."), ('not_authorised', 'The guardian did not say yes to the use of the platform, so no other yes counts.'), ('rows_differ', 'Another row for the same code has a different answer.'), ('not_on_form', "It answers a purpose that the person's form did not ask about."), ('later_answer', 'The person has since given a different answer.'), ('ended_since', 'The consent has since been withdrawn or ended: an older form does not restore it.'), ('notice_changed', 'The notice has changed since the form was made: ask again.'), ('not_consent', 'Consent is no longer the lawful basis of the purpose for this person.')], max_length=24, verbose_name='why'),
                    ),
                    ("recorded", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                    ("entered_at", models.DateTimeField(verbose_name="entered")),
                    ("authorisation", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="children.serviceauthorisation")),
                    ("guardian", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("page", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="paper.formpage")),
                    ("sheet", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="paper.answersheet")),
                    ("subject", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                ],
                options={
                    "verbose_name": "answer in the queue",
                    "verbose_name_plural": "answers in the queue",
                    "ordering": ["-entered_at", "-id"],
                    "indexes": [
                        models.Index(fields=["client", "-entered_at", "-id"], name="sheetentry_by_time"),
                        models.Index(fields=["-entered_at", "-id"], name="sheetentry_by_time_all"),
                        models.Index(fields=["client", "state", "-entered_at", "-id"], name="sheetentry_by_state"),
                        models.Index(fields=["state", "-entered_at", "-id"], name="sheetentry_by_state_all"),
                        models.Index(fields=["client", "sheet", "state", "number"], name="sheetentry_of_sheet"),
                        models.Index(fields=["client", "page"], name="sheetentry_of_page"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("client", "sheet", "number"), name="sheetentry_row_once"),
                        models.CheckConstraint(condition=models.Q(models.Q(("page", None), ("subject", None)), models.Q(("page__isnull", False), ("subject__isnull", False)), _connector="OR"), name="sheetentry_page_is_somebodys"),
                        models.CheckConstraint(condition=models.Q(models.Q(("page", None), _negated=True), ("state__in", ["unmatched", "dismissed", "expired"]), _connector="OR"), name="sheetentry_matched_has_a_page"),
                        models.CheckConstraint(condition=models.Q(("state", "confirmed"), models.Q(("authorisation", None), ("recorded", [])), _connector="OR"), name="sheetentry_counts_once_confirmed"),
                        models.CheckConstraint(condition=models.Q(("guardian", None), ("subject", None), models.Q(("subject", models.F("guardian")), _negated=True), _connector="OR"), name="sheetentry_guardian_of_another"),
                        models.CheckConstraint(condition=models.Q(("given_by", "guardian"), models.Q(("guardian", None), ("named_by", None), ("relationship", "")), _connector="OR"), name="sheetentry_guardian_signed"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["matched", "confirmed", "dismissed"]), models.Q(("problem", ""), _negated=True), _connector="OR"), name="sheetentry_waits_for_a_reason"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="EntryStep",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("step", models.CharField(choices=[('confirmed', 'Confirmed'), ('chosen', 'Recorded despite other rows'), ('resolved', 'Matched by hand'), ('signer', 'Guardian entered'), ('dismissed', 'Dismissed'), ('moved', 'Judged again'), ('expired', 'Expired, content deleted')], max_length=16)),
                    (
                        "state",
                        models.CharField(choices=[('matched', 'Matched'), ('unmatched', 'Unmatched'), ('contradictory', 'Contradictory'), ('outdated', 'Outdated'), ('guardian', 'Waiting for a guardian'), ('confirmed', 'Confirmed'), ('dismissed', 'Dismissed'), ('expired', 'Expired: not matched')], max_length=16),
                    ),
                    (
                        "problem",
                        models.CharField(blank=True, choices=[('code_mistyped', 'The code has a typing error.'), ('code_unknown', 'No form of this client has this code.'), ('erased', 'The person is erased: nothing can be recorded.'), ('guardian_answered', 'A guardian answered on a form for the person. It neither names the guardian nor authorises the service: print a form for guardians.'), ('signer_missing', 'It is not entered which guardian signed the form.'), ('signer_unknown', 'The person who signed is not, or no longer, named as a guardian of this child.'), ('signer_barred', 'The guardian who signed may not decide for this child, for example because of a court order.'), ('signer_minor', 'The person who signed is a child.'), ('signer_new', 'Only the form names this guardian: a second person must check who signed, and record the row.'), ('not_signed', "A guardian's consent by telephone is not signed: it does not verify the guardian."), ('child_gave', "A child consented. A child's own consent does not count: a guardian must answer."), ('of_age', 'The person is of age and answers for themselves, not through a guardian.'), ('before_form', 'The answer is dated before the form was made.'), ('relationship_differs', 'The form states another relationship than the records: check who signed.'), ('other_refused', "Another guardian's refusal is in effect: it takes precedence over this consent."), ('not_authorised', 'The guardian did not say yes to the use of the platform, so no other yes counts.'), ('rows_differ', 'Another row for the same code has a different answer.'), ('not_on_form', "It answers a purpose that the person's form did not ask about."), ('later_answer', 'The person has since given a different answer.'), ('ended_since', 'The consent has since been withdrawn or ended: an older form does not restore it.'), ('notice_changed', 'The notice has changed since the form was made: ask again.'), ('not_consent', 'Consent is no longer the lawful basis of the purpose for this person.')], max_length=24),
                    ),
                    (
                        "reason",
                        models.CharField(blank=True, choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
                    ),
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("taken_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("entry", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="paper.sheetentry")),
                ],
                options={
                    "ordering": ["-taken_at", "-id"],
                    "indexes": [models.Index(models.F("client"), models.F("entry"), models.OrderBy(models.F("taken_at"), descending=True), name="entrystep_of_entry")],
                    "constraints": [models.CheckConstraint(condition=models.Q(models.Q(("step__in", ["chosen", "resolved", "signer", "dismissed"]), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"), name="entrystep_has_a_reason")],
                },
            ),
        )
    ]
