"""Security events."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_tables")]
    operations = [
        CreateTables(
            migrations.CreateModel(
                name="SecurityEvent",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("kind", models.CharField(max_length=64)),
                    ("severity", models.PositiveSmallIntegerField(choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")])),
                    ("happened_at", models.DateTimeField(verbose_name="first time")),
                    ("last_at", models.DateTimeField(verbose_name="last time")),
                    ("count", models.PositiveIntegerField(db_default=1, default=1, verbose_name="times")),
                    ("actor_kind", models.CharField(blank=True, db_default="", default="", max_length=16)),
                    ("actor_id", models.UUIDField(null=True)),
                    ("actor_role", models.CharField(blank=True, db_default="", default="", max_length=32)),
                    ("source", models.CharField(blank=True, db_default="", default="", max_length=64)),
                    ("hour", models.DateTimeField(null=True)),
                    ("entry", models.UUIDField(null=True)),
                    ("alerted_at", models.DateTimeField(null=True, verbose_name="officers alerted")),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "verbose_name": "security event",
                    "ordering": ["-happened_at", "-id"],
                    "indexes": [
                        models.Index(fields=["client", "-happened_at", "-id"], name="securityevent_by_time"),
                        models.Index(fields=["-happened_at", "-id"], name="securityevent_by_time_all"),
                        models.Index(fields=["client", "severity", "-happened_at", "-id"], name="securityevent_by_severity"),
                        models.Index(fields=["severity", "-happened_at", "-id"], name="securityevent_by_severity_all"),
                        models.Index(condition=models.Q(("alerted_at", None)), fields=["client", "-happened_at", "-id"], name="securityevent_not_alerted"),
                        models.Index(condition=models.Q(("alerted_at", None)), fields=["-happened_at", "-id"], name="securityevent_not_alerted_all"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("client", "entry"), name="securityevent_once_for_entry"),
                        models.UniqueConstraint(condition=models.Q(("entry", None)), fields=("client", "kind", "source", "hour"), name="securityevent_one_each_hour"),
                    ],
                },
            ),
        ),
    ]
