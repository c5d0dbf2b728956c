"""Times and lists of words as people read them: times in the current time zone, words in the current language."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone, translation

_LEFT_TO_RIGHT, _END = "\u2066", "\u2069"
"""Unicode's isolates (UAX #9): without them a date after an Urdu word is shown day first."""


def format_date(at: datetime) -> str:
    """Return the day of a time in the current zone, such as 2026-03-14, to be put into a sentence."""
    return isolate(f"{_to_current_zone(at):%Y-%m-%d}")


def format_time(at: datetime) -> str:
    """Return a time to the minute in the current zone, such as 2026-03-14 09:30, to be put into a sentence."""
    return isolate(f"{_to_current_zone(at):%Y-%m-%d %H:%M}")


def isolate(text: str) -> str:
    """Return a text that keeps its order from left to right in a sentence of the current language."""
    return f"{_LEFT_TO_RIGHT}{text}{_END}" if translation.get_language_bidi() else text


def bare(text: str) -> str:
    """Return an isolated text alone, for an element that isolates it and from which it may be copied."""
    return text.strip(_LEFT_TO_RIGHT + _END)


def _to_current_zone(at: datetime) -> datetime:
    try:
        return at.astimezone(timezone.get_current_timezone())
    except OverflowError:
        return at


_SEPARATORS = {"ur": "، "}
"""Separator of the items of a list, by language; otherwise a comma and a space."""


def join_words(words: Iterable[object]) -> str:
    """Join words to a list as the current language writes it: “Access to the data, Erasure”."""
    return get_separator().join(str(word) for word in words)


def get_separator() -> str:
    return _SEPARATORS.get(translation.get_language() or "", ", ")
