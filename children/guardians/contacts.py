"""Whether a guardian's contact could be the child's own: equal, or alike enough to reach or deceive the same person.

Addresses are compared by what providers deliver to one mailbox (case, tags, dots, domains that are one) and by what
the eye takes for one (the skeletons of Unicode UTS #39, as ``confusable-homoglyphs`` holds them). It errs towards
alike: who is refused here has the ways on paper and in person. Pure.
"""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from confusable_homoglyphs.confusables import confusables_data

from paktaleem.directory.people.phones import bare_number, normal_number

__all__ = ["Contact", "Holders", "Likeness", "Unusable", "mail_likeness", "phone_likeness", "why_unusable"]

SHARED_BY = 2
"""How many people besides the guardian may hold an address: a second parent; more make it a shared mailbox."""
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
"""Domains whose addresses lead to one account. Not hotmail, outlook and live: there the same name is three people."""
_TAG = {"yahoo.com": "-"}
"""What begins a tag where it is not the usual plus."""


class Likeness(StrEnum):
    """How near two contacts are."""

    SAME = "same"
    ALIKE = "alike"


class Unusable(StrEnum):
    """Why a guardian cannot be asked by a contact."""

    MISSING = "missing"
    OF_THE_CHILD = "of_the_child"
    LIKE_A_CHILD = "like_a_child"
    OF_A_CHILD = "of_a_child"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's address and number in clear, for the time of one comparison; never printed."""

    email: str | None = None
    phone: str | None = None

    def __repr__(self) -> str:
        """Show nothing."""
        return "Contact(•••)"


@dataclass(frozen=True, slots=True)
class Holders:
    """Who else at the client has the very same contact: how many children, and how many others."""

    children: int = 0
    others: int = 0


def why_unusable(channel: str, *, child: Contact, guardian: Contact, holders: Holders, region: str) -> Unusable | None:
    """Say why the guardian of this child is not asked by ``mail`` or ``text``; None if that is fit."""
    own, known = (guardian.email, child.email) if channel == "mail" else (guardian.phone, child.phone)
    if not own:
        return Unusable.MISSING
    likeness = None
    if known:
        likeness = mail_likeness(own, known) if channel == "mail" else phone_likeness(own, known, region=region)
    if likeness is not None:
        return Unusable.OF_THE_CHILD if likeness == Likeness.SAME else Unusable.LIKE_A_CHILD
    if holders.children:
        return Unusable.OF_A_CHILD
    return Unusable.SHARED if holders.others > SHARED_BY else None


def mail_likeness(one: str, other: str) -> Likeness | None:
    """Compare two mail addresses."""
    if _mailbox(one) == _mailbox(other):
        return Likeness.SAME
    if _skeleton("@".join(_mailbox(one))) == _skeleton("@".join(_mailbox(other))):
        return Likeness.ALIKE
    return None


def phone_likeness(one: str, other: str, *, region: str) -> Likeness | None:
    """Compare two telephone numbers, read as dialled from ``region`` (ISO 3166): there is only the same."""
    return Likeness.SAME if _number(one, region) == _number(other, region) else None


def _mailbox(address: str) -> tuple[str, str]:
    """Give the mailbox that an address leads to: without case, tag, dots, and under its first domain."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().casefold().rpartition("@")
    domain = _domain(domain)
    local = local.partition(_TAG.get(domain, "+"))[0] or local
    return local.replace(".", ""), domain


def _domain(domain: str) -> str:
    domain = domain.rstrip(".")
    if "xn--" in domain:
        with suppress(UnicodeError):
            domain = domain.encode("ascii").decode("idna")
    return _ONE_MAILBOX.get(domain, domain)


def _number(written: str, region: str) -> str:
    digits = "".join(str(unicodedata.decimal(one, one)) for one in written)
    try:
        return normal_number(bare_number(digits), region=region)
    except ValueError:
        return digits


def _skeleton(text: str) -> str:
    """Bring what looks alike to one form (UTS #39 §4): each letter becomes what the eye takes it for."""
    plain = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    return "".join(_LOOKS_LIKE.get(one, one) for one in plain).casefold()


def _prototypes() -> dict[str, str]:
    """Map each letter to the plain letters it is taken for; the table lists a pair under both of its letters."""
    found = {}
    for letter, likes in confusables_data.items():
        plain = [like["c"] for like in likes if like["c"].isascii()]
        if plain and (not letter.isascii() or len(likes) == 1):
            found[letter] = plain[0]
    return found


_LOOKS_LIKE = _prototypes()
