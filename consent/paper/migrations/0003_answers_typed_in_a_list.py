"""Answers are typed in a list of the form: no answer sheets, codes of pages, or steps of rows."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.tables import CreateTables

_TO = {"db_constraint": False, "db_index": False, "on_delete": django.db.models.deletion.PROTECT, "related_name": "+"}


class Migration(migrations.Migration):
    dependencies = [("paper", "0002_tenancy")]
    operations = [
        migrations.DeleteModel("EntryStep"),
        migrations.DeleteModel("SheetEntry"),
        migrations.DeleteModel("AnswerSheet"),
        migrations.RemoveConstraint("FormPage", "formpage_code_unique"),
        migrations.RemoveField("FormPage", "code"),
        CreateTables(
            migrations.CreateModel(
                name="PaperAnswer",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("answers", models.JSONField(default=dict, help_text="Purpose → whether yes.")),
                    ("method", models.CharField(choices=[("paper", "On paper"), ("phone", "By telephone")], max_length=16, verbose_name="method")),
                    ("answered_on", models.DateField(help_text="As on the form, in the client's time zone.", verbose_name="answered on")),
                    ("note", models.BinaryField(null=True)),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("waiting", "Waiting to be confirmed"),
                                ("held", "Could not be recorded"),
                                ("confirmed", "Confirmed"),
                                ("dismissed", "Dismissed"),
                            ],
                            default="waiting",
                            max_length=16,
                            verbose_name="state",
                        ),
                    ),
                    ("recorded", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                    ("entered_at", models.DateTimeField(verbose_name="entered")),
                    ("authorisation", models.ForeignKey(null=True, to="children.serviceauthorisation", **_TO)),
                    ("client", models.ForeignKey(to="accounts.client", **_TO)),
                    ("guardian", models.ForeignKey(null=True, to="subjects.subject", **_TO)),
                    ("page", models.ForeignKey(to="paper.formpage", **_TO)),
                    ("subject", models.ForeignKey(to="subjects.subject", **_TO)),
                ],
                options={
                    "verbose_name": "answer in the queue",
                    "verbose_name_plural": "answers in the queue",
                    "ordering": ["-entered_at", "-id"],
                    "indexes": [
                        models.Index(fields=["client", "-entered_at", "-id"], name="paperanswer_by_time"),
                        models.Index(fields=["-entered_at", "-id"], name="paperanswer_by_time_all"),
                        models.Index(fields=["client", "state", "-entered_at", "-id"], name="paperanswer_by_state"),
                        models.Index(fields=["state", "-entered_at", "-id"], name="paperanswer_by_state_all"),
                        models.Index(fields=["client", "page"], name="paperanswer_of_page"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("state__in", ("waiting", "held"))),
                            fields=("client", "page", "guardian"),
                            name="paperanswer_one_open",
                            nulls_distinct=False,
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("state", "confirmed"), models.Q(("authorisation", None), ("recorded", [])), _connector="OR"),
                            name="paperanswer_counts_once_confirmed",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("guardian", None), models.Q(("subject", models.F("guardian")), _negated=True), _connector="OR"),
                            name="paperanswer_guardian_of_another",
                        ),
                    ],
                },
            ),
        ),
        Isolate(
            TenantIsolation("PaperAnswer"),
            SameClientForeignKey("PaperAnswer", "page", "FormPage"),
            SameClientForeignKey("PaperAnswer", "subject", "subjects.Subject"),
            SameClientForeignKey("PaperAnswer", "guardian", "subjects.Subject"),
            SameClientForeignKey("PaperAnswer", "authorisation", "children.ServiceAuthorisation"),
        ),
    ]
