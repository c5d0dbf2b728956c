"""Rejection of identity card and payment card numbers in evidence (16 CFR 312.5(b)(2)). Pure."""

import re
import unicodedata
from http import HTTPStatus

from paktaleem.foundation.errors import PortalError, Problem

_LEAST_WORDS = 3
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


class EvidenceRequired(PortalError, ValueError):
    """Neither a signed form was given, nor words that say where it is kept, or who saw the guardian and when."""

    problem = Problem(
        "evidence-missing",
        HTTPStatus.BAD_REQUEST,
        "Consent given outside the portal needs evidence",
        "State where the signed form is kept, or who saw the guardian and when, in at least three words.",
        field="evidence",
    )
    console_message = (
        "State where the evidence is kept, or who saw the guardian and when, in at least three words; or add the form."
    )


def require_evidence(text: str, *, has_file: bool) -> None:
    """Check that evidence names something that another person can look up or ask. Raises EvidenceRequired."""
    words = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    if not has_file and len(words) < _LEAST_WORDS:
        raise EvidenceRequired


def check_evidence(text: str) -> str:
    """Return the text, trimmed. Raises CardNumberFound if it contains what looks like a card number."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise CardNumberFound
    return text.strip()
