"""Countries and time zones: fields of models, which forms offer as lists in the language of the page."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language, gettext, gettext_lazy as _

from paktaleem.foundation.tenancy.rows import MigratesAs
from paktaleem.foundation.text.countries import list_countries
from paktaleem.foundation.text.times import join_words


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        message = gettext("“{name}” is not an IANA time zone. Use a name such as Asia/Karachi.")
        raise ValidationError(message.format(name=name))


class CountryChoice(forms.ChoiceField):
    """A country by its name (Unicode CLDR, from Babel); the value is its ISO 3166 code in two letters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=lambda: [("", "—"), *list_countries(get_language() or "en").items()], **kwargs)


class TimeZoneChoice(forms.ChoiceField):
    """An IANA time zone by its name, such as Asia/Karachi."""

    def __init__(self, **kwargs: Any) -> None:
        names = sorted(available_timezones())
        super().__init__(choices=[("", _("Choose a time zone…")), *zip(names, names, strict=True)], **kwargs)


class CountryField(MigratesAs, models.CharField):  # type: ignore[type-arg]  # not generic at run time
    migrates_as = "django.db.models.CharField"

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{**kwargs, "form_class": CountryChoice, "widget": forms.Select})


class TimeZoneField(MigratesAs, models.CharField):  # type: ignore[type-arg]  # not generic at run time
    migrates_as = "django.db.models.CharField"
    default_validators = [validate_time_zone]

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{**kwargs, "form_class": TimeZoneChoice, "widget": forms.Select})


def name_country(code: str) -> str:
    return str(Locale.parse(get_language() or "en", sep="-").territories.get(code, code))


def name_countries(codes: str | Sequence[str]) -> str:
    """Return the names of countries, given as codes or as text with commas, in the language of the page."""
    listed = codes.split(",") if isinstance(codes, str) else codes
    return join_words(name_country(code.strip().upper()) for code in listed if code.strip())


def name_language(code: str) -> str:
    return str(Locale.parse(get_language() or "en", sep="-").languages.get(code, code))
