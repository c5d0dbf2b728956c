"""Requests of guardians about a child's data."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.ids
from paktaleem.foundation.tenancy.operations import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables"), ("subjects", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name="Concern",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                    ("kind", models.CharField(choices=[('concern', "Concern about a child's data"), ('copy', 'A guardian requests a copy'), ('deletion', 'A guardian requests deletion')], max_length=16)),
                    ("number", models.CharField(max_length=16)),
                    ("text", models.BinaryField(null=True)),
                    ("contact", models.BinaryField(null=True)),
                    ("epoch", models.PositiveIntegerField(null=True)),
                    ("wrapped", models.BinaryField(null=True)),
                    ("language", models.CharField(max_length=8)),
                    ("received_at", models.DateTimeField(verbose_name="received")),
                    ("due_at", models.DateTimeField(verbose_name="to be answered by")),
                    ("ordered_at", models.DateTimeField(null=True, verbose_name='sent to systems')),
                    ("ordered_kind", models.CharField(blank=True, choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("ordered_by", models.UUIDField(null=True)),
                    ("closed_at", models.DateTimeField(null=True, verbose_name="answered")),
                    ("outcome", models.CharField(blank=True, choices=[('acted', 'Acted upon'), ('answered', 'Answered, nothing to change'), ('unfounded', 'Unfounded'), ('passed_on', 'Passed on to the school'), ('declined', 'Declined, with the reason stated')], max_length=16)),
                    ("closed_kind", models.CharField(blank=True, choices=[("user", "user"), ("api_key", "api_key"), ("subject", "subject"), ("system", "system")], max_length=16)),
                    ("closed_by", models.UUIDField(null=True)),
                    ("child", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("guardian", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subjects.subject")),
                ],
                options={
                    "verbose_name": "concern about a child's data",
                    "verbose_name_plural": "concerns about children's data",
                    "ordering": ["-received_at", "-id"],
                    "indexes": [
                        models.Index(fields=["client", "-received_at", "-id"], name="concern_by_time"),
                        models.Index(fields=["-received_at", "-id"], name="concern_by_time_all"),
                        models.Index(fields=["client", "kind", "-received_at", "-id"], name="concern_by_kind"),
                        models.Index(fields=["kind", "-received_at", "-id"], name="concern_by_kind_all"),
                        models.Index(condition=models.Q(("closed_at", None)), fields=["client", "-received_at", "-id"], name="concern_open"),
                        models.Index(condition=models.Q(("closed_at", None)), fields=["-received_at", "-id"], name="concern_open_all"),
                        models.Index(condition=models.Q(("closed_at", None)), fields=["client", "due_at", "id"], name="concern_open_by_due"),
                        models.Index(condition=models.Q(("closed_at", None)), fields=["due_at", "id"], name="concern_open_by_due_all"),
                        models.Index(fields=["client", "child", "id"], name="concern_of_child"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("client", "number"), name="concern_number_once"),
                        models.CheckConstraint(condition=models.Q(("due_at__gt", models.F("received_at"))), name="concern_has_a_clock"),
                        models.CheckConstraint(condition=models.Q(models.Q(("closed_at", None), ("closed_by", None), ("outcome", "")), models.Q(("closed_at__isnull", False), ("closed_by__isnull", False), models.Q(("outcome", ""), _negated=True)), _connector="OR"), name="concern_closed_with_outcome"),
                        models.CheckConstraint(condition=models.Q(("kind", "concern"), models.Q(("child__isnull", False), ("guardian__isnull", False)), _connector="OR"), name="concern_requests_are_guardians"),
                        models.CheckConstraint(condition=models.Q(models.Q(("ordered_at", None), ("ordered_by", None), ("ordered_kind", "")), models.Q(("ordered_at__isnull", False), ("ordered_by__isnull", False), models.Q(("kind", "concern"), _negated=True)), _connector="OR"), name="concern_ordered_by_someone"),
                        models.UniqueConstraint(condition=models.Q(("closed_at", None), models.Q(("kind", "concern"), _negated=True)), fields=("client", "child", "guardian", "kind"), name="concern_one_open_request"),
                    ],
                },
            ),
        )
    ]
