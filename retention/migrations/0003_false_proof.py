"""One more cause of an incident: a guardian's verification that was false."""

from django.db import migrations, models

CAUSES = [
    ("collected", "Reported as collected of a child without authority"),
    ("revealed", "A change of age revealed a child"),
    ("false_proof", "A guardian's verification was false"),
]


class Migration(migrations.Migration):
    dependencies = [("retention", "0002_wall"), ("children", "0003_found_false")]
    operations = [
        migrations.AlterField(model, "cause", models.CharField(choices=CAUSES, max_length=16))
        for model in ("incident", "historicalincident")
    ]
