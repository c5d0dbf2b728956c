"""Changes of a client that would let people decide for themselves wait, behind the wall, for a second person."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import paktaleem.foundation.tenancy.ids
from paktaleem.foundation.tenancy.operations import TenantIsolation

STATES = [
    ("waiting", "Waiting"),
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("replaced", "Replaced by a later one"),
]
SETTLED = Q(settled_by__isnull=False, settled_at__isnull=False)
NEWEST = ["-requested_at", "-id"]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_country_thresholds")]
    operations = [
        migrations.CreateModel(
            name="ClientChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paktaleem.foundation.tenancy.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("changes", models.JSONField()),
                ("state", models.CharField(choices=STATES, default="waiting", max_length=16)),
                ("requested_kind", models.CharField(max_length=16)),
                ("requested_by", models.UUIDField()),
                ("requested_at", models.DateTimeField()),
                ("settled_by", models.UUIDField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
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
                "verbose_name": "change of a client",
                "verbose_name_plural": "changes of clients",
                "ordering": NEWEST,
                "indexes": [
                    models.Index(fields=["client", *NEWEST], name="clientchange_by_time"),
                    models.Index(fields=NEWEST, name="clientchange_by_time_all"),
                    models.Index(fields=["client", "state", *NEWEST], name="clientchange_by_state"),
                    models.Index(fields=["state", *NEWEST], name="clientchange_by_state_all"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(state="waiting"), fields=("client",), name="clientchange_one_waiting"
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="approved") | ~Q(settled_by=F("requested_by")),
                        name="clientchange_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=Q(state="waiting", settled_by=None, settled_at=None) | (~Q(state="waiting") & SETTLED),
                        name="clientchange_settled_by_someone",
                    ),
                ],
            },
        ),
        TenantIsolation("ClientChange"),
    ]
