"""Rate limits: an attempt is counted at once, even if the request is rolled back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import contact_of

__all__ = [
    "ATTEMPT_LIMITS",
    "REQUEST_LIMITS",
    "RIGHTS_ATTEMPT_LIMITS",
    "RIGHTS_PERSON_LIMITS",
    "Limit",
    "count_attempt",
    "count_in_window",
    "count_rights_address",
    "count_rights_message",
    "count_verified_message",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` attempts in the period ``within`` per ``what``."""

    what: str
    times: int
    within: timedelta


REQUEST_LIMITS = (
    Limit("ask/address+ip", 3, timedelta(hours=1)),
    Limit("ask/address", 10, timedelta(days=1)),
    Limit("ask/ip", 20, timedelta(hours=1)),
)
"""Requests for a code: per contact and IP address, per contact, per IP address."""
ATTEMPT_LIMITS = (
    Limit("try/address+ip", 5, timedelta(minutes=10)),
    Limit("try/address", 30, timedelta(days=1)),
    Limit("try/ip", 50, timedelta(hours=1)),
)
"""Attempts to enter a code; requesting another code does not reset the count."""
RIGHTS_ATTEMPT_LIMITS = (Limit("try-rights/address", 5, timedelta(days=1)), *ATTEMPT_LIMITS)
"""Attempts to enter a code for rights requests: five a day for each contact, however many codes are requested."""

RIGHTS_PERSON_LIMITS = RIGHTS_ATTEMPT_LIMITS[:1]
"""The same five a day for each person, so that a second contact gives no further attempts."""
RIGHTS_VERIFIED_LIMITS = (Limit("rights-verified/address", 10, timedelta(days=1)),)
"""Acknowledgements of verified requests: ten a day for each person."""
RIGHTS_MESSAGE_LIMITS = (Limit("rights-message/address", 3, timedelta(days=1)),)
"""Messages about rights requests that anyone can cause: three a day for each address, over all ways and clients."""


def count_rights_message(subject: Subject, channel: Channel | str = Channel.MAIL) -> bool:
    """Count a message that anyone can cause to a person's contact on file; return False if it must not be sent.

    Returns False also if there is no such contact. Raises KeyDestroyed for an erased person, CannotOpen.
    """
    contact = contact_of(subject, "email" if channel == Channel.MAIL else "phone")
    return contact is not None and count_rights_address(contact)


def count_verified_message(subject: Subject) -> bool:
    """Count a message that a verified person causes to their own contact on file; return False if it must not be sent.

    It is counted by person: no stranger causes it, and people who share an address do not take it from each other.
    """
    has_contact = contact_of(subject, "email") is not None
    return has_contact and count_attempt(RIGHTS_VERIFIED_LIMITS, address=str(subject.pk), ip="")


def count_rights_address(address: str) -> bool:
    """Count a message that anyone can cause to an email address or number; return False if it must not be sent.

    The address itself is counted, as a keyed hash: at every client together, for people who share it, and whether it
    is on file or only given. A tag behind a plus sign (RFC 5233) makes no other address: both lead to one mailbox.
    """
    local, at_sign, domain = address.strip().casefold().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}" if at_sign else domain
    key = salted_hmac("rights-message", plain, algorithm="sha256").hexdigest()
    return count_attempt(RIGHTS_MESSAGE_LIMITS, address=key, ip="")


def count_attempt(limits: Iterable[Limit], *, address: str, ip: str) -> bool:
    """Count one attempt under each limit, up to the first that is reached; return True if none was reached.

    Each limit is a number of expiring slots. Taking one is a single atomic statement, so that concurrent attempts
    cannot exceed the limit.
    """
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    return all(_take_slot(limit, keys[limit.what.partition("/")[2]]) for limit in limits)


def count_in_window(limits: Iterable[Limit], *, address: str, ip: str) -> bool:
    """Count one attempt under each limit, up to the first that is reached; return True if none was reached.

    As ``count_attempt``, for limits of many attempts: two statements however large the number is. The period begins
    with the first attempt and then starts anew, so that twice the number may fall into one period's length.
    """
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    return all(_count(limit, keys[limit.what.partition("/")[2]]) for limit in limits)


def _count(limit: Limit, key: str) -> bool:
    name = f"window/{limit.what}/{key}"
    if cache.add(name, 1, timeout=int(limit.within.total_seconds())):
        return True
    try:
        return cache.incr(name) <= limit.times
    except ValueError:  # the period ended between the two statements
        return True


def _take_slot(limit: Limit, key: str) -> bool:
    seconds = int(limit.within.total_seconds())
    return any(cache.add(f"doors/{limit.what}/{key}/{slot}", 1, timeout=seconds) for slot in range(limit.times))
