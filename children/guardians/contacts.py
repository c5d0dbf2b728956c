"""Comparison of a guardian's contact with the child's, to detect contacts that may reach the child. Pure.

Email addresses match if providers deliver both to one mailbox (case, tags, dots, equivalent domains), or if they look
alike (the skeletons of Unicode UTS #39, from ``confusable-homoglyphs``). In doubt they match: a guardian without a
usable contact can still answer on paper or in person.
"""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from confusable_homoglyphs.confusables import confusables_data

from paktaleem.foundation.text.normal_forms import bare_number, normal_number

SHARED_BY = 2
"""How many other people may have the same contact (a second parent); beyond that it counts as shared."""
_ONE_MAILBOX = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
}
"""Domains whose addresses reach one account. Not hotmail, outlook and live, where one name is three accounts."""
_TAG = {"yahoo.com": "-"}
"""The character that starts a tag, for domains where it is not ``+``."""


class ContactMatch(StrEnum):
    SAME = "same"
    ALIKE = "alike"


class ContactRejection(StrEnum):
    MISSING = "missing"
    OF_THE_CHILD = "of_the_child"
    LIKE_A_CHILD = "like_a_child"
    OF_A_CHILD = "of_a_child"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's decrypted email address and phone number, for one comparison; ``repr`` hides them."""

    email: str | None = None
    phone: str | None = None

    def __repr__(self) -> str:
        return "Contact(•••)"


@dataclass(frozen=True, slots=True)
class ContactHolders:
    """How many children, and how many other people, of the client have the same contact."""

    children: int = 0
    others: int = 0


def why_contact_unusable(
    channel: str, *, child: Contact, guardian: Contact, holders: ContactHolders, region: str
) -> ContactRejection | None:
    """Return why the guardian's contact for ``channel`` (``mail`` or ``text``) cannot be used, or None if it can."""
    own, known = (guardian.email, child.email) if channel == "mail" else (guardian.phone, child.phone)
    if not own:
        return ContactRejection.MISSING
    likeness = None
    if known:
        likeness = match_emails(own, known) if channel == "mail" else match_phones(own, known, region=region)
    if likeness is not None:
        return ContactRejection.OF_THE_CHILD if likeness == ContactMatch.SAME else ContactRejection.LIKE_A_CHILD
    if holders.children:
        return ContactRejection.OF_A_CHILD
    return ContactRejection.SHARED if holders.others > SHARED_BY else None


def match_emails(one: str, other: str) -> ContactMatch | None:
    if _mailbox(one) == _mailbox(other):
        return ContactMatch.SAME
    if _skeleton("@".join(_mailbox(one))) == _skeleton("@".join(_mailbox(other))):
        return ContactMatch.ALIKE
    return None


def match_phones(one: str, other: str, *, region: str) -> ContactMatch | None:
    """Return SAME if two phone numbers, dialled from ``region`` (ISO 3166), are the same, else None."""
    return ContactMatch.SAME if _number(one, region) == _number(other, region) else None


def _mailbox(address: str) -> tuple[str, str]:
    """Return the mailbox that an address reaches: without case, tag and dots, and with the primary domain."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().casefold().rpartition("@")
    domain = domain.rstrip(".")
    if "xn--" in domain:
        with suppress(UnicodeError):
            domain = domain.encode("ascii").decode("idna")
    domain = _ONE_MAILBOX.get(domain, domain)
    local = local.partition(_TAG.get(domain, "+"))[0] or local
    return local.replace(".", ""), domain


def _number(written: str, region: str) -> str:
    digits = "".join(str(unicodedata.decimal(one, one)) for one in written)
    try:
        return normal_number(bare_number(digits), region=region)
    except ValueError:
        return digits


def _skeleton(text: str) -> str:
    """Return the skeleton of a text (UTS #39 §4): each letter is replaced by the one it looks like."""
    plain = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    return "".join(_LOOKS_LIKE.get(one, one) for one in plain).casefold()


def _prototypes() -> dict[str, str]:
    """Map each letter to the ASCII letters it looks like; the source table lists each pair under both letters."""
    found = {}
    for letter, likes in confusables_data.items():
        plain = [like["c"] for like in likes if like["c"].isascii()]
        if plain and (not letter.isascii() or len(likes) == 1):
            found[letter] = plain[0]
    return found


_LOOKS_LIKE = _prototypes()
