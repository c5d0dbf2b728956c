"""Systems that hold personal data, and the orders to them."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("files", "0001_tables"), ("subjects", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name="Order",
                fields=[
                    ("kind", models.CharField(choices=[('collect', 'Provide all data held'), ('correct', 'Correct'), ('restrict', 'Restrict processing'), ('lift_restriction', 'Lift the restriction'), ('erase', 'Erase'), ('anonymise', 'Anonymise'), ('object', 'Stop after an objection')], max_length=20)),
                    ("method", models.CharField(blank=True, db_default="", default="", help_text="How data is anonymised; empty: not stated.", max_length=24)),
                    (
                        "reason",
                        models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
                    ),
                    (
                        "ground",
                        models.CharField(choices=[('right_of_the_person', 'A right of the person'), ('consent_ended', 'The consent has ended'), ('child_without_consent', 'Data of a child without a guardian’s consent'), ('retention_ended', 'The retention period is over'), ('agreement_ended', 'The agreement has ended'), ('instruction', 'Instruction of the controller'), ('legal_obligation', 'A legal obligation')], max_length=32),
                    ),
                    ("categories", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), help_text="The data it is about.")),
                    ("due_at", models.DateTimeField()),
                    ("parent_kind", models.CharField(blank=True, db_default="", default="", max_length=32)),
                    ("parent_id", models.UUIDField(null=True)),
                    ("created_at", models.DateTimeField()),
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("system_owner", models.UUIDField(editable=False)),
                    ("purpose", models.CharField(blank=True, db_default="", default="", help_text="For a restriction or an objection: the purpose. Empty: every purpose.", max_length=63)),
                    (
                        "state",
                        models.CharField(choices=[('queued', 'Waiting to be fetched'), ('sent', 'Sent to the system'), ('accepted', 'In progress'), ('confirmed', 'Done'), ('not_found', 'No such person there'), ('failed', 'Failed'), ('not_applicable', 'Not applicable'), ('waived', 'Waived')], default='queued', max_length=16),
                    ),
                    ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                    ("retry_at", models.DateTimeField(help_text='When a failed order is tried again; empty: never.', null=True)),
                    ("failure", models.CharField(blank=True, db_default="", default="", help_text="The system's own code.", max_length=64)),
                    ("named", models.BinaryField(null=True)),
                    ("new_values", models.BinaryField(help_text="For a correction: the new values, under the person's key.", null=True)),
                    ("fields", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list)),
                    ("result", models.JSONField(help_text="The system's answer: counts and codes.", null=True)),
                    ("changed_at", models.DateTimeField()),
                    ("stuck_at", models.DateTimeField(help_text='Time from which it counts as stuck if nothing happens.', null=True)),
                    ("ended_at", models.DateTimeField(null=True)),
                    ("copies_purged_at", models.DateTimeField(help_text="When the data that the system gave was deleted.", null=True)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("subject", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                    ("order_set", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.orderset")),
                    ("system", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.system")),
                ],
                options={
                    "ordering": ["-created_at", "-id"],
                    "indexes": [
                        models.Index(condition=models.Q(("ended_at", None)), fields=["client", "system", "id"], name="order_open_of_system"),
                        models.Index(fields=["client", "subject", "-created_at", "-id"], name="order_of_person"),
                        models.Index(condition=models.Q(("parent_id__isnull", False)), fields=["client", "parent_id", "subject"], name="order_by_parent"),
                        models.Index(condition=models.Q(("copies_purged_at", None), ("ended_at__isnull", False), ("kind", "collect")), fields=["client", "ended_at"], name="order_with_copies"),
                        models.Index(fields=["client", "-created_at", "-id"], name="order_by_time"),
                        models.Index(fields=["-created_at", "-id"], name="order_by_time_all"),
                        models.Index(fields=["client", "state", "-created_at", "-id"], name="order_by_state"),
                        models.Index(fields=["state", "-created_at", "-id"], name="order_by_state_all"),
                        models.Index(fields=["client", "system", "-created_at", "-id"], name="order_by_system"),
                        models.Index(fields=["system", "-created_at", "-id"], name="order_by_system_all"),
                        models.Index(fields=["client", "kind", "-created_at", "-id"], name="order_by_kind"),
                        models.Index(fields=["kind", "-created_at", "-id"], name="order_by_kind_all"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["client", "-created_at", "-id"], name="order_open"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["-created_at", "-id"], name="order_open_all"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["client", "due_at", "id"], name="order_open_by_due"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["due_at", "id"], name="order_open_by_due_all"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["client", "stuck_at", "id"], name="order_open_by_stuck"),
                        models.Index(condition=models.Q(("ended_at", None)), fields=["stuck_at", "id"], name="order_open_by_stuck_all"),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("ended_at__isnull", False), ("state__in", ["confirmed", "not_applicable", "not_found", "waived"])), models.Q(models.Q(("state__in", ["confirmed", "not_applicable", "not_found", "waived"]), _negated=True), ("ended_at", None)), _connector="OR"),
                            name="order_ends_in_an_answer",
                        ),
                        models.CheckConstraint(condition=models.Q(("ended_at", None), models.Q(("named", None), ("new_values", None), ("retry_at", None), ("stuck_at", None)), _connector="OR"), name="order_answered_names_nobody"),
                        models.CheckConstraint(condition=models.Q(("retry_at", None), ("state", "failed"), _connector="OR"), name="order_retried_if_failed"),
                        models.CheckConstraint(condition=models.Q(("new_values", None), ("kind", "correct"), _connector="OR"), name="order_values_of_a_correction"),
                        models.CheckConstraint(condition=models.Q(models.Q(("parent_id", None), ("parent_kind", "")), models.Q(models.Q(("parent_kind", ""), _negated=True), ("parent_id__isnull", False)), _connector="OR"), name="order_parent_is_whole"),
                        models.CheckConstraint(condition=models.Q(("due_at__gt", models.F("created_at"))), name="order_due_later"),
                        models.CheckConstraint(condition=models.Q(("method", ""), ("kind", "anonymise"), _connector="OR"), name="order_method_of_kind"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="OrderPart",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("category", models.CharField(max_length=63)),
                    ("attempt", models.PositiveSmallIntegerField(default=0, help_text='The attempt in which it was received.')),
                    ("added_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("file", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="files.sealedfile")),
                    ("order", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.order")),
                ],
                options={
                    "ordering": ["added_at", "id"],
                },
            ),
            migrations.CreateModel(
                name="OrderSet",
                fields=[
                    ("kind", models.CharField(choices=[('collect', 'Provide all data held'), ('correct', 'Correct'), ('restrict', 'Restrict processing'), ('lift_restriction', 'Lift the restriction'), ('erase', 'Erase'), ('anonymise', 'Anonymise'), ('object', 'Stop after an objection')], max_length=20)),
                    ("method", models.CharField(blank=True, db_default="", default="", help_text="How data is anonymised; empty: not stated.", max_length=24)),
                    (
                        "reason",
                        models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
                    ),
                    (
                        "ground",
                        models.CharField(choices=[('right_of_the_person', 'A right of the person'), ('consent_ended', 'The consent has ended'), ('child_without_consent', 'Data of a child without a guardian’s consent'), ('retention_ended', 'The retention period is over'), ('agreement_ended', 'The agreement has ended'), ('instruction', 'Instruction of the controller'), ('legal_obligation', 'A legal obligation')], max_length=32),
                    ),
                    ("categories", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), help_text="The data it is about.")),
                    ("due_at", models.DateTimeField()),
                    ("parent_kind", models.CharField(blank=True, db_default="", default="", max_length=32)),
                    ("parent_id", models.UUIDField(null=True)),
                    ("created_at", models.DateTimeField()),
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("size", models.PositiveIntegerField(help_text="How many orders.")),
                    ("orders_hash", models.CharField(help_text="SHA-256 over the orders' ids and the people's, in the order of the ids.", max_length=64)),
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "ordering": ["-created_at", "-id"],
                    "indexes": [models.Index(fields=["client", "-created_at", "-id"], name="orderset_by_time"), models.Index(fields=["-created_at", "-id"], name="orderset_by_time_all")],
                },
            ),
            migrations.CreateModel(
                name="OrderStep",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("state", models.CharField(choices=[('queued', 'Waiting to be fetched'), ('sent', 'Sent to the system'), ('accepted', 'In progress'), ('confirmed', 'Done'), ('not_found', 'No such person there'), ('failed', 'Failed'), ('not_applicable', 'Not applicable'), ('waived', 'Waived')], max_length=16)),
                    ("attempt", models.PositiveSmallIntegerField(default=0)),
                    ("code", models.CharField(blank=True, help_text='Code of the failure, exemption or waiver.', max_length=64)),
                    ("entry_id", models.UUIDField(help_text='The ledger entry that proves it; for a set, the set’s entry.', null=True)),
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("taken_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("order", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.order")),
                ],
                options={
                    "ordering": ["taken_at", "id"],
                },
            ),
            migrations.CreateModel(
                name="System",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("code", models.CharField(max_length=63, validators=[django.core.validators.RegexValidator("\\A[a-z][a-z0-9_]{1,62}\\Z", "Use a–z, 0–9 and _, starting with a letter.")])),
                    ("name", models.CharField(max_length=200)),
                    (
                        "categories",
                        django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), help_text='The data it holds. Orders about other data are not sent there.'),
                    ),
                    ("delivery", models.CharField(choices=[('poll', 'The system fetches them'), ('webhook', 'A webhook notifies the system, which then fetches them'), ('by_hand', 'People carry them out and record the result in the console')], max_length=16, verbose_name='delivery of orders')),
                    ("contact", models.EmailField(help_text='Email address of the team that runs it, not of one person, for questions about orders.', max_length=254)),
                    ("starts_at", models.DateTimeField()),
                    ("ends_at", models.DateTimeField(blank=True, null=True)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "ordering": ["code"],
                    "constraints": [
                        models.UniqueConstraint(fields=("client", "code"), name="system_code_unique"),
                        models.CheckConstraint(condition=models.Q(("categories", []), _negated=True), name="system_holds_something"),
                        models.CheckConstraint(condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"), name="system_period"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="HistoricalSystem",
                fields=[
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("id", models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ("code", models.CharField(max_length=63, validators=[django.core.validators.RegexValidator("\\A[a-z][a-z0-9_]{1,62}\\Z", "Use a–z, 0–9 and _, starting with a letter.")])),
                    ("name", models.CharField(max_length=200)),
                    (
                        "categories",
                        django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z][a-z0-9_]{1,62}\\Z', 'Use a–z, 0–9 and _, starting with a letter.')]), help_text='The data it holds. Orders about other data are not sent there.'),
                    ),
                    ("delivery", models.CharField(choices=[('poll', 'The system fetches them'), ('webhook', 'A webhook notifies the system, which then fetches them'), ('by_hand', 'People carry them out and record the result in the console')], max_length=16, verbose_name='delivery of orders')),
                    ("contact", models.EmailField(help_text='Email address of the team that runs it, not of one person, for questions about orders.', max_length=254)),
                    ("starts_at", models.DateTimeField()),
                    ("ends_at", models.DateTimeField(blank=True, null=True)),
                    ("history_user_id", models.UUIDField(editable=False, null=True)),
                    ("history_id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("history_date", models.DateTimeField(db_index=True)),
                    ("history_change_reason", models.CharField(max_length=100, null=True)),
                    ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                    ("client", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="accounts.client")),
                ],
                options={
                    "verbose_name": "historical system",
                    "verbose_name_plural": "historical systems",
                    "ordering": ("-history_date", "-history_id"),
                    "get_latest_by": ("history_date", "history_id"),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name="SystemKey",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("system_owner", models.UUIDField(editable=False)),
                    ("key_name", models.CharField(help_text='As issued, with the scope “orders”.', max_length=100, verbose_name='name of the key')),
                    ("starts_at", models.DateTimeField(editable=False)),
                    ("ends_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("system", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.system")),
                ],
                options={
                    "verbose_name": 'system key',
                    "verbose_name_plural": 'system keys',
                    "ordering": ['key_name'],
                    "constraints": [models.UniqueConstraint(condition=models.Q(("ends_at", None)), fields=("client", "key_name"), name="systemkey_acts_for_one_system"), models.CheckConstraint(condition=models.Q(("ends_at", None), ("ends_at__gte", models.F("starts_at")), _connector="OR"), name="systemkey_period")],
                },
            ),
            migrations.CreateModel(
                name="HistoricalSystemKey",
                fields=[
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("id", models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ("system_owner", models.UUIDField(editable=False)),
                    ("key_name", models.CharField(help_text='As issued, with the scope “orders”.', max_length=100, verbose_name='name of the key')),
                    ("starts_at", models.DateTimeField(editable=False)),
                    ("ends_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ("history_user_id", models.UUIDField(editable=False, null=True)),
                    ("history_id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("history_date", models.DateTimeField(db_index=True)),
                    ("history_change_reason", models.CharField(max_length=100, null=True)),
                    ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                    ("client", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="accounts.client")),
                    ("system", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="systems.system")),
                ],
                options={
                    "verbose_name": 'historical system key',
                    "verbose_name_plural": 'historical system keys',
                    "ordering": ('-history_date', '-history_id'),
                    "get_latest_by": ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name="Waiver",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    (
                        "reason",
                        models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
                    ),
                    ("requested_by", models.UUIDField(editable=False)),
                    ("requested_at", models.DateTimeField(editable=False)),
                    ("approved_by", models.UUIDField(editable=False, null=True)),
                    ("approved_at", models.DateTimeField(editable=False, null=True)),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("order", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.order")),
                ],
                options={
                    "ordering": ["-requested_at", "-id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("client", "order"), name="waiver_one_per_order"),
                        models.CheckConstraint(condition=models.Q(("approved_by", None), models.Q(("approved_by", models.F("requested_by")), _negated=True), _connector="OR"), name="waiver_by_two_people"),
                        models.CheckConstraint(condition=models.Q(models.Q(("approved_at", None), ("approved_by", None)), models.Q(("approved_at__gte", models.F("requested_at")), ("approved_at__isnull", False), ("approved_by__isnull", False)), _connector="OR"), name="waiver_approved_after_request"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="HistoricalWaiver",
                fields=[
                    ("actor_kind", models.CharField(choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("actor_id", models.UUIDField()),
                    ("actor_role", models.CharField(max_length=32)),
                    ("id", models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    (
                        "reason",
                        models.CharField(choices=[('onboarding', 'Set-up of a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Advance notice to a client'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
                    ),
                    ("requested_by", models.UUIDField(editable=False)),
                    ("requested_at", models.DateTimeField(editable=False)),
                    ("approved_by", models.UUIDField(editable=False, null=True)),
                    ("approved_at", models.DateTimeField(editable=False, null=True)),
                    ("history_user_id", models.UUIDField(editable=False, null=True)),
                    ("history_id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("history_date", models.DateTimeField(db_index=True)),
                    ("history_change_reason", models.CharField(max_length=100, null=True)),
                    ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                    ("client", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="accounts.client")),
                    ("order", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="systems.order")),
                ],
                options={
                    "verbose_name": "historical waiver",
                    "verbose_name_plural": "historical waivers",
                    "ordering": ("-history_date", "-history_id"),
                    "get_latest_by": ("history_date", "history_id"),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name="OrderAlert",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("state", models.CharField(choices=[('queued', 'Waiting to be fetched'), ('sent', 'Sent to the system'), ('accepted', 'In progress'), ('confirmed', 'Done'), ('not_found', 'No such person there'), ('failed', 'Failed'), ('not_applicable', 'Not applicable'), ('waived', 'Waived')], max_length=16)),
                    ("attempt", models.PositiveSmallIntegerField()),
                    ("raised_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("order", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="systems.order")),
                ],
                options={
                    "ordering": ["-raised_at", "-id"],
                    "indexes": [models.Index(fields=["client", "-raised_at", "-id"], name="orderalert_by_time"), models.Index(fields=["-raised_at", "-id"], name="orderalert_by_time_all")],
                    "constraints": [models.UniqueConstraint(fields=("client", "order", "state", "attempt"), name="orderalert_once_a_state")],
                },
            ),
        )
    ]
