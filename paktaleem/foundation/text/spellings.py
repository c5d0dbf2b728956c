"""Spellings of a name: Arabic and Urdu keyboards write the same name with other characters, or with marks. Pure."""

import re

_ARABIC, _URDU = "يىكه", "ییکہ"
_TO_URDU = str.maketrans(_ARABIC, _URDU)
_TO_ARABIC = str.maketrans("یکہ", "يكه")
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670\u200c\u200d]")
"""The stretching line, vowel marks and the characters of width zero."""


def fold_spelling(name: str) -> str:
    """Return a name as an Urdu keyboard writes it, without marks, so that its spellings are equal."""
    return _MARKS.sub("", name).translate(_TO_URDU)


def list_spellings(name: str) -> set[str]:
    """Return the spellings under which a name may be stored: folded, or as it was typed before names were folded."""
    folded = fold_spelling(name)
    return {name, folded, folded.translate(_TO_ARABIC)}
