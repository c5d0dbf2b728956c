"""Reviews of access and what was confirmed in them."""

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
                name="AccessReview",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("quarter", models.DateField()),
                    ("opened_on", models.DateField()),
                    ("opened_at", models.DateTimeField()),
                    ("reminded_on", models.DateField(null=True)),
                    ("closed_at", models.DateTimeField(null=True)),
                    ("locked_count", models.PositiveIntegerField(db_default=0, default=0, verbose_name="locked memberships")),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                ],
                options={
                    "verbose_name": "review of access",
                    "verbose_name_plural": "reviews of access",
                    "ordering": ["-opened_at", "-id"],
                    "indexes": [
                        models.Index(fields=["client", "-opened_at", "-id"], name="accessreview_by_time"),
                        models.Index(fields=["-opened_at", "-id"], name="accessreview_by_time_all"),
                    ],
                    "constraints": [models.UniqueConstraint(fields=("client", "quarter"), name="accessreview_one_each_quarter")],
                },
            ),
            migrations.CreateModel(
                name="AccessConfirmation",
                fields=[
                    ("id", models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ("confirmed_by", models.UUIDField()),
                    ("confirmed_at", models.DateTimeField()),
                    ("client", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.client")),
                    ("membership", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
                    ("review", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access_reviews.accessreview")),
                ],
                options={
                    "ordering": ["-confirmed_at", "-id"],
                    "constraints": [models.UniqueConstraint(fields=("client", "review", "membership"), name="accessconfirmation_once")],
                },
            ),
        ),
    ]
