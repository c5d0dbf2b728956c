"""The model field for the ages of consent of a client."""

from django.core.exceptions import ValidationError
from django.db import models

from paktaleem.foundation.accounts.thresholds import HIGHEST, LOWEST
from paktaleem.foundation.tenancy.rows import MigratesAs


def validate_thresholds(by_country: dict[str, int]) -> None:
    """Raise ValidationError unless all keys are ISO 3166 country codes and all ages are from 13 to 21."""
    for country, years in by_country.items():
        if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):  # noqa: PLR2004 -- ISO 3166
            raise ValidationError(f"“{country}” is not a two-letter ISO 3166 code. Use a code such as DE.")
        if isinstance(years, bool) or not isinstance(years, int) or not LOWEST <= years <= HIGHEST:
            raise ValidationError(f"{country}: use a whole number of years from {LOWEST} to {HIGHEST}.")


class ThresholdsField(MigratesAs, models.JSONField):
    """Ages of consent by the ISO 3166 code of a country."""

    migrates_as = "django.db.models.JSONField"
    default_validators = [validate_thresholds]
