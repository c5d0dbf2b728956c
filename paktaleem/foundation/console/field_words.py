"""Words for values that fields store as codes, for histories: countries, languages, and what apps above declare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.places import name_countries, name_country, name_language
from paktaleem.foundation.word_lists import join_words

type Describe = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """How fields of a model (``app_label.model``) are said in words; the function gets a value that is not empty."""

    model: str
    fields: frozenset[str]
    describe: Describe


field_words: ExtensionPoint[FieldWords] = ExtensionPoint(
    "console.field_words", "How the history says values of a model's fields in words."
)


def _name_thresholds(ages: Mapping[str, Any]) -> str:
    return join_words(f"{name_country(code)}: {age}" for code, age in ages.items())


_OF_EVERY_MODEL: Mapping[str, Describe] = {
    "countries": name_countries,
    "country": name_country,
    "country_thresholds": _name_thresholds,
    "language": name_language,
}


def find_words(model: str, field: str) -> Describe | None:
    """Return how a field of a model is said in words, None if its value needs none."""
    for one in field_words:
        if one.model == model and field in one.fields:
            return one.describe
    return _OF_EVERY_MODEL.get(field)
