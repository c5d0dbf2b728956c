"""Rejection of identity card and payment card numbers in evidence (16 CFR 312.5(b)(2)). Pure."""

import re
import unicodedata

__all__ = ["CardNumberFound", "check_evidence"]

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){12,18}(?![0-9])")
"""Thirteen to nineteen digits, in groups or not: a CNIC has thirteen, cards have thirteen to nineteen."""


class CardNumberFound(ValueError):
    """The text contains what looks like an identity card or payment card number, which is never stored."""


def check_evidence(text: str) -> str:
    """Return the text, trimmed. Raises NumberNotKept if it contains what looks like a card number."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise CardNumberFound
    return text.strip()
