"""An age threshold for each country that asks for another, beside the default that is always there."""

from django.db import migrations, models

import paktaleem.foundation.accounts.models

SOUND = """
ALTER TABLE accounts_client ADD CONSTRAINT client_country_thresholds_13_to_21 CHECK (
    jsonb_typeof(country_thresholds) = 'object' AND NOT jsonb_path_exists(country_thresholds,
        '$.keyvalue() ? (!(@.key like_regex "^[A-Z]{2}$") || !(@.value.type() == "number"
            && @.value >= 13 && @.value <= 21 && @.value.floor() == @.value))'))
"""
"""Written in SQL: it looks at every key and value of the map."""


def thresholds():
    return models.JSONField(
        "age thresholds by country",
        blank=True,
        default=dict,
        db_default={},
        help_text="Where the law of a country where people live asks for another age. All others have the one above.",
        validators=[paktaleem.foundation.accounts.models.validate_thresholds],
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_sandboxes_start_over")]
    operations = [
        *(migrations.AddField(model, "country_thresholds", thresholds()) for model in ("client", "historicalclient")),
        migrations.RunSQL(SOUND, "ALTER TABLE accounts_client DROP CONSTRAINT client_country_thresholds_13_to_21"),
    ]
