"""Counts of each week."""

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
                name="WeeklyCount",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("week", models.DateField()),
                    ("measure", models.CharField(choices=[("consents", "Consents given and withdrawn"), ("answers", "Rights requests answered in time"), ("decisions", "Recorded decisions"), ("holdings", "Holdings by age")], max_length=16)),
                    ("code", models.CharField(max_length=16)),
                    ("number", models.PositiveBigIntegerField()),
                    ("counted_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "ordering": ["-week", "measure", "code"],
                    "indexes": [models.Index(fields=["week"], name="weekly_by_week")],
                    "constraints": [models.UniqueConstraint(fields=("client", "week", "measure", "code"), name="weekly_once")],
                },
            ),
        ),
    ]
