"""Parse single cells (ids, names, email addresses, phone numbers, dates) into plain values."""

import re
import unicodedata
from datetime import date, datetime

ID_LIMIT = 255
NAME_LIMIT = 300
EMAIL_LIMIT = 254
FIRST_BIRTH_YEAR = 1900

_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIDNIGHT = re.compile(r"(?:[T ]00:00(?::00(?:\.0{1,6})?)?| 12:00(?::00)? ?AM)\Z")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[A-Za-z]){_LABEL}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PHONE_SEPARATORS = re.compile(r"[\s().\-/]+")
# Direction overrides could make one name look like another. Joiners are kept: Urdu needs them.
_UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


def external_id_fault(text: str) -> str | None:
    """Return what is wrong with a person's sourcedId, or None. It must not be an email address."""
    if len(text) > ID_LIMIT:
        return f"longer than {ID_LIMIT} characters"
    if "@" in text:
        return "contains an @: an email address is personal data and not an id"
    if _CONTROL.search(text):
        return "holds a control character"
    return None


def full_name(given: str, middle: str, family: str) -> str:
    """Return the three parts as one name in NFC, each gap one space; empty if given and family both are."""
    if not (given.strip() or family.strip()):
        return ""
    words = f"{given} {middle} {family}".split()
    return unicodedata.normalize("NFC", _UNSEEN.sub("", " ".join(words))).strip()


def plausible_email(text: str) -> str | None:
    """Return the address, "" for an empty cell, or None if it is not a plausible email address."""
    if not text:
        return ""
    return text if len(text) <= EMAIL_LIMIT and _EMAIL.fullmatch(text) else None


def plausible_phone(text: str) -> str | None:
    """Return the number without separators, "" for an empty cell, or None if it is not a plausible number."""
    if not text:
        return ""
    number = _PHONE_SEPARATORS.sub("", text)
    return number if _PHONE.fullmatch(number) else None


def merge_contacts(first: str | None, second: str | None) -> str | None:
    """Return the first of two email addresses or phone numbers; None if there is none and one cannot be read."""
    return first or second or (None if first is None or second is None else "")


def country(text: str) -> str | None:
    """Return a country as two capitals (ISO 3166), "" for an empty cell, or None if it is malformed."""
    code = text.strip().upper()
    return code if not code or _COUNTRY.fullmatch(code) else None


def without_midnight(text: str) -> str:
    """Return a date without the time midnight, which spreadsheet programs and databases add to it.

    A time with an offset stays: it may be another day where the person lives.
    """
    return _MIDNIGHT.sub("", text)


def day(text: str) -> date | None:
    """Return a date written YYYY-MM-DD, perhaps with the time midnight, or None if it is malformed."""
    text = without_midnight(text)
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """Return a time in ISO 8601 with Z, or the start of a date; None if it is neither."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
