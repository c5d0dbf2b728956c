"""Countries by their ISO 3166 codes, with their names from the Unicode CLDR (Babel)."""

import re
from functools import cache
from typing import Final

from babel import Locale

_NO_COUNTRY: Final = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""Codes that the Unicode CLDR lists beside ISO 3166: unions, groups, islands of a listed country, placeholders."""
_TWO_LETTERS: Final = re.compile(r"[A-Z]{2}").fullmatch


def is_country(code: str) -> bool:
    """Return True if this is the ISO 3166 code of a country, in capitals."""
    return code in list_countries("en")


@cache
def list_countries(language: str) -> dict[str, str]:
    """Return the names of all countries in a language by their codes, sorted by name."""
    names = Locale.parse(language, sep="-").territories
    found = [(code, name) for code, name in names.items() if _TWO_LETTERS(code) and code not in _NO_COUNTRY]
    return dict(sorted(found, key=lambda country: country[1]))
