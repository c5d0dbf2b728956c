"""When the notice was shown, as the token that came back with the answer says."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_changes_of_every_fact")]
    operations = [
        migrations.AddField(
            "consentevent",
            "shown_at",
            models.DateTimeField(null=True, help_text="When it was shown, as the portal's own token says."),
        ),
        migrations.AddConstraint(
            "consentevent",
            models.CheckConstraint(
                condition=Q(shown_at=None) | Q(shown_at__lte=F("recorded_at")), name="consentevent_shown_not_future"
            ),
        ),
    ]
