"""Normal forms of names and telephone numbers. Pure."""

import re
from contextlib import suppress

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)

_TO_URDU = str.maketrans("يىكه", "ییکہ")
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670\u200c\u200d]")
"""The stretching line, vowel marks and the characters of width zero."""


def fold_spelling(name: str) -> str:
    """Return a name as an Urdu keyboard writes it, without marks, so that its spellings are equal."""
    return _MARKS.sub("", name).translate(_TO_URDU)


MALFORMED = "Use 5 to 20 digits, with an optional leading +."
_BARE = re.compile(r"\A\+?[0-9]{5,20}\Z")
_BETWEEN = re.compile(r"[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Separators between digits: spaces, brackets, dashes, direction marks."""


def bare_number(text: str) -> str:
    """Return the digits with an optional leading +; empty for an empty text. Raises ValueError for other texts."""
    digits = _BETWEEN.sub("", text)
    if digits and not _BARE.match(digits):
        raise ValueError(MALFORMED)
    return digits


def normal_number(bare: str, *, region: str) -> str:
    """Return a bare number in E.164, read as it would be dialled from ``region`` (ISO 3166).

    0300…, 92300…, 0092300… and +92300… are one number in Pakistan. Impossible numbers are returned unchanged.
    """
    if not _BARE.match(bare):
        return bare
    before = ""
    while bare != before:  # a second leading zero may be superfluous too
        before = bare
        with suppress(NumberParseException):
            number = parse(bare, region)
            if is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE:
                bare = format_number(number, PhoneNumberFormat.E164)
    return bare
