"""Rejection of identity card and payment card numbers in evidence (16 CFR 312.5(b)(2)). Pure."""

import re
import unicodedata
from http import HTTPStatus

from paktaleem.foundation.errors import PortalError, Problem

__all__ = ["CardNumberFound", "check_evidence"]

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){12,18}(?![0-9])")
"""Thirteen to nineteen digits, in groups or not: a CNIC has thirteen, cards have thirteen to nineteen."""


class CardNumberFound(PortalError, ValueError):
    """The text contains what looks like an identity card or payment card number, which is never stored."""

    problem = Problem(
        "number-not-kept",
        HTTPStatus.BAD_REQUEST,
        "Evidence must not contain the number of an identity card or payment card",
        "State where the document is kept, not its contents.",
        field="evidence",
    )
    console_message = "Do not enter numbers of identity cards or payment cards: state where the document is kept."


def check_evidence(text: str) -> str:
    """Return the text, trimmed. Raises CardNumberFound if it contains what looks like a card number."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise CardNumberFound
    return text.strip()
