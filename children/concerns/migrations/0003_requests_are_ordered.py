"""A guardian's request becomes orders; when, and by whom."""

from django.db import migrations, models
from django.db.models import Q

KINDS = [(kind, kind) for kind in ("user", "api_key", "subject", "system")]
OUTCOMES = [
    ("acted", "Acted upon"),
    ("answered", "Answered, nothing to change"),
    ("unfounded", "Nothing in it"),
    ("passed_on", "Passed on to the school"),
    ("declined", "Declined, with the reason told"),
]


class Migration(migrations.Migration):
    dependencies = [("concerns", "0002_wall")]
    operations = [
        migrations.AlterField(
            "Concern", "outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=16)
        ),
        migrations.AddField("Concern", "ordered_at", models.DateTimeField(null=True, verbose_name="systems told")),
        migrations.AddField(
            "Concern", "ordered_kind", models.CharField(blank=True, choices=KINDS, default="", max_length=16), False
        ),
        migrations.AddField("Concern", "ordered_by", models.UUIDField(null=True)),
        migrations.AddConstraint(
            "Concern",
            models.CheckConstraint(
                condition=Q(("ordered_at", None), ("ordered_by", None), ("ordered_kind", ""))
                | (
                    Q(("ordered_at__isnull", False), ("ordered_by__isnull", False))
                    & Q(("kind", "concern"), _negated=True)
                ),
                name="concern_ordered_by_someone",
            ),
        ),
        migrations.AddConstraint(
            "Concern",
            models.UniqueConstraint(
                condition=Q(("closed_at", None)) & Q(("kind", "concern"), _negated=True),
                fields=("client", "child", "guardian", "kind"),
                name="concern_one_open_request",
            ),
        ),
    ]
