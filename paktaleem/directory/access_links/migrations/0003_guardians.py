"""A page for guardians; by which way a link or a code went."""

from django.db import migrations, models

PAGES = [("choices", "Preference centre"), ("guardian", "Guardian's page")]


class Migration(migrations.Migration):
    dependencies = [("doors", "0002_wall")]
    operations = [
        *(
            migrations.AddField(model, "channel", models.CharField(db_default="", default="", max_length=8))
            for model in ("pagelink", "pagecode")
        ),
        *(
            migrations.AlterField(model, "page", models.CharField(choices=PAGES, max_length=16))
            for model in ("pagelink", "pagecode")
        ),
    ]
