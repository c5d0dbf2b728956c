"""Where a recipient has its seat: receipts tell it."""

from django.db import migrations, models


def address():
    return models.CharField(
        "postal address",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Street, place and postal code: told on receipts.",
    )


def countries():
    told = "ISO 3166 codes, such as PK, IE; where it has its seat first."
    return models.CharField(max_length=200, blank=True, help_text=told)


class Migration(migrations.Migration):
    dependencies = [("consent", "0015_evidence_wall")]
    operations = [
        operation
        for model in ("recipient", "historicalrecipient")
        for operation in (
            migrations.AddField(model, "address", address()),
            migrations.AlterField(model, "countries", countries()),
        )
    ]
