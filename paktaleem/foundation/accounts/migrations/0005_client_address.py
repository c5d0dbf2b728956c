"""Where an institution has its seat: receipts tell it."""

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


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_reserved_codes")]
    operations = [migrations.AddField(model, "address", address()) for model in ("client", "historicalclient")]
