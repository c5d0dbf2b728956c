"""When officers were told again of an incident that was not over by its day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0003_false_proof")]
    operations = [
        migrations.AddField(
            model,
            "overdue_told_at",
            models.DateTimeField(editable=False, null=True, verbose_name="told again"),
        )
        for model in ("Incident", "HistoricalIncident")
    ]
