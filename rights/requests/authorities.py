"""Supervisory authorities by country, to which a person may complain. Pure.

Only authorities whose name and address are certain are listed. For other countries the operator's authority (setting
AUTHORITY) is named, and without one the person's right is stated in general words.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["AUTHORITIES", "Authority", "find_authority"]


class Authority(NamedTuple):
    """A supervisory authority: its name and web address."""

    name: str
    url: str = ""


AUTHORITIES = {
    "FR": Authority("Commission nationale de l’informatique et des libertés", "https://www.cnil.fr"),
    "GB": Authority("Information Commissioner’s Office", "https://ico.org.uk"),
    "IE": Authority("Data Protection Commission", "https://www.dataprotection.ie"),
    "NL": Authority("Autoriteit Persoonsgegevens", "https://www.autoriteitpersoonsgegevens.nl"),
    "US": Authority("Federal Trade Commission", "https://www.ftc.gov"),
}
"""By ISO 3166 code of the client's country."""


def find_authority(country: str, *, fallback: Sequence[str]) -> Authority | None:
    """Return the authority of a country; otherwise ``fallback``, the name and address of the setting; or None."""
    if country in AUTHORITIES:
        return AUTHORITIES[country]
    return Authority(*fallback[:2]) if fallback else None
