"""What happened to accounts."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_wall"),
        ("subjects", "0005_statistics"),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("active", "Account in use"), ("account_closed", "Account closed")], max_length=16
                    ),
                ),
                ("happened_at", models.DateTimeField(help_text="As the client says.")),
                ("recorded_at", models.DateTimeField()),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("user", "user"),
                            ("api_key", "api_key"),
                            ("subject", "subject"),
                            ("system", "system"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor_id", models.UUIDField()),
                ("actor_role", models.CharField(max_length=32)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subjects.subject",
                    ),
                ),
            ],
            options={
                "ordering": ["-happened_at", "-id"],
                "indexes": [
                    models.Index(fields=["client", "subject", "kind", "happened_at"], name="subjectevent_of_subject")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("happened_at__lte", models.F("recorded_at"))),
                        name="subjectevent_happened_before",
                    )
                ],
            },
        ),
    ]
