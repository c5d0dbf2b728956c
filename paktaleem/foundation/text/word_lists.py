"""Lists of words as people read them."""

from collections.abc import Iterable

from django.utils import translation

_SEPARATORS = {"ur": "، "}
"""Separator of the items of a list, by language; otherwise a comma and a space."""


def join_words(words: Iterable[object]) -> str:
    """Join words to a list as the current language writes it: “Access to the data, Erasure”."""
    return get_separator().join(str(word) for word in words)


def get_separator() -> str:
    """Return what the current language writes between the items of a list."""
    return _SEPARATORS.get(translation.get_language() or "", ", ")
