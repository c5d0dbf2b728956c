"""What changed for decisions."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_wall"),
        ("consent", "0004_facts_of_many"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("xact", models.BigIntegerField()),
                ("noted_at", models.DateTimeField()),
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client", "xact"), name="registerchange_once_per_transaction")
                ],
            },
        ),
        migrations.CreateModel(
            name="SubjectChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("xact", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField()),
                ("purpose_code", models.CharField(blank=True, max_length=63)),
                ("noted_at", models.DateTimeField()),
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
            ],
            options={
                "indexes": [models.Index(fields=["client", "xact", "id"], name="subjectchange_in_order")],
            },
        ),
    ]
