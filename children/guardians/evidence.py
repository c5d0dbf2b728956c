"""What evidence about guardians never holds: numbers of identity and payment cards (16 CFR 312.5(b)(2)). Pure."""

import re
import unicodedata

__all__ = ["NumberNotKept", "check_evidence"]

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){12,18}(?![0-9])")
"""Thirteen to nineteen digits, in groups or not: a CNIC has thirteen, cards have thirteen to nineteen."""


class NumberNotKept(ValueError):
    """The text holds what looks like the number of an identity card or a payment card, which is never kept."""


def check_evidence(text: str) -> str:
    """Give the text back, trimmed. Raises NumberNotKept: say where the paper lies, not what stands on it."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise NumberNotKept
    return text.strip()
