"""Rejection of identity card and payment card numbers in evidence (16 CFR 312.5(b)(2)). Pure."""

import re
import unicodedata
from http import HTTPStatus

from paktaleem.foundation.errors import PortalError, Problem

_ATTESTED_WORDS = 3
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


class AttestationTooShort(PortalError, ValueError):
    """The school's attestation does not say who knows the guardian, and from which record."""

    problem = Problem(
        "evidence-missing",
        HTTPStatus.BAD_REQUEST,
        "The school's attestation must say who attests it and on what record",
        "Write at least three words, such as: Class teacher, admission file 33.",
        field="evidence",
    )
    console_message = "Write who attests it and on what record, in at least three words."


def check_attestation(text: str) -> None:
    """Check that the school's attestation says something. Raises AttestationTooShort."""
    if len([word for word in text.split() if any(letter.isalnum() for letter in word)]) < _ATTESTED_WORDS:
        raise AttestationTooShort


def check_evidence(text: str) -> str:
    """Return the text, trimmed. Raises CardNumberFound if it contains what looks like a card number."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise CardNumberFound
    return text.strip()
