"""Rate limits: an attempt is counted at once, even if the request is rolled back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from paktaleem.directory.access_links.messages import CODE_LIFE
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import contact_of
from paktaleem.foundation.clock import wall_clock_now


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` attempts in the period ``within`` per ``what``."""

    what: str
    times: int
    within: timedelta


REQUEST_LIMITS = (
    Limit("ask/address+ip", 3, timedelta(hours=1)),
    Limit("ask-daily/address+ip", 4, timedelta(days=1)),
    Limit("ask/address", 10, timedelta(days=1)),
    Limit("ask/ip", 20, timedelta(hours=1)),
)
"""Requests for a code: per contact and IP address, per contact, per IP address."""
LINK_REQUEST_LIMITS = (
    Limit("ask/address+ip", 3, timedelta(hours=1)),
    Limit("ask-by-link/address", 10, timedelta(days=1)),
    Limit("ask/ip", 20, timedelta(hours=1)),
)
"""Requests for a code by a link: what others request for the contact does not count."""
ATTEMPT_LIMITS = (Limit("try/address", 5, timedelta(days=1)), Limit("try/ip", 50, timedelta(hours=1)))
"""Attempts to enter a code: five a day for each contact, however many codes are requested."""
RIGHTS_ATTEMPT_LIMITS = (Limit("try-rights/address", 5, timedelta(days=1)), ATTEMPT_LIMITS[1])
"""Attempts to enter a code for rights requests, counted apart from those for other pages."""

RIGHTS_PERSON_LIMITS = RIGHTS_ATTEMPT_LIMITS[:1]
"""The same five a day for each person, so that a second contact gives no further attempts."""
RIGHTS_VERIFIED_LIMITS = (Limit("rights-verified/address", 10, timedelta(days=1)),)
"""Acknowledgements of verified requests: ten a day for each person."""
RIGHTS_MESSAGE_LIMITS = (Limit("rights-message/address", 3, timedelta(days=1)),)
"""Messages that anyone can cause: three a day for each address, over all ways and clients."""
_MESSAGE_SOURCE_LIMITS = (Limit("code/address+ip", 2, timedelta(days=1)),)
"""Limits of the codes that one IP address can request for a contact: two of the three, so that the owner gets one."""
_CODE_SECONDS = int(CODE_LIFE.total_seconds())
_CODES_NOTED = 6
"""Number of sent codes of one contact that are noted, so that their first guess is checked."""


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
    return count_attempt(RIGHTS_MESSAGE_LIMITS, address=message_key(address), ip="")


def message_key(address: str) -> str:
    """Return the keyed hash under which messages to an email address or number are counted."""
    local, at_sign, domain = address.strip().casefold().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}" if at_sign else domain
    return salted_hmac("rights-message", plain, algorithm="sha256").hexdigest()


def count_code(key: str, *, ip: str) -> datetime | None:
    """Count a code that is requested for the contact of this ``message_key``, whether it is on file or not.

    Returns None if it may be sent, or when the next one may: a contact gets three a day, two for one IP address.
    """
    if not count_attempt(_MESSAGE_SOURCE_LIMITS, address=key, ip=ip):
        return find_next_attempt(_MESSAGE_SOURCE_LIMITS, address=key, ip=ip)
    if not count_attempt(RIGHTS_MESSAGE_LIMITS, address=key, ip=ip):
        return find_next_attempt(RIGHTS_MESSAGE_LIMITS, address=key, ip=ip)
    return None


def note_code(knock: str, *, address: str, after: str) -> None:
    """Note that a code is sent for the browser with this digest, so that its first guess is always checked.

    ``after`` is its digest before, if it had a code already: one that has guessed has no first guess left.
    """
    if after and cache.get(f"guessed/{after}"):
        cache.set(f"guessed/{knock}", 1, timeout=_CODE_SECONDS)
    any(cache.add(f"sent-code/{address}/{slot}", knock, timeout=_CODE_SECONDS) for slot in range(_CODES_NOTED))


def count_guess(totals: Sequence[tuple[Sequence[Limit], str]], *, knock: str, address: str, ip: str) -> bool:
    """Count a guess of a code under limits and their keys; return True if it may be checked.

    The first guess in a browser to which a code was sent always may: others cannot use it up. For each such browser
    that has not guessed yet, one attempt of each limit is kept.
    """
    noted = [cache.get(f"sent-code/{address}/{slot}") for slot in range(_CODES_NOTED)]
    may_be_first = knock in noted and not cache.get(f"guessed/{knock}")
    is_first = may_be_first and cache.add(f"first-guess/{knock}", 1, timeout=_CODE_SECONDS)
    others = [one for one in noted if one and one != knock and not is_first]
    kept = sum(not cache.get(f"guessed/{one}") for one in others)
    within = True
    for limits, key in totals:
        within &= count_attempt(limits, address=key, ip=ip, kept=kept)
    if is_first:
        cache.set(f"guessed/{knock}", 1, timeout=_CODE_SECONDS)
    return within or is_first


def count_attempt(limits: Iterable[Limit], *, address: str, ip: str, kept: int = 0) -> bool:
    """Count one attempt under each limit, up to the first that is reached; return True if none was reached.

    Each limit is a number of expiring slots, of which ``kept`` are left free. Taking one is a single atomic statement,
    so that concurrent attempts cannot exceed the limit.
    """
    return all(_take_slot(limit, name, kept) for limit, name in _name_limits(limits, address, ip))


def find_next_attempt(limits: Iterable[Limit], *, address: str, ip: str) -> datetime:
    """Return when each of the limits has a free slot; now if all have one."""
    now = int(wall_clock_now().timestamp())
    times = [now]
    for limit, name in _name_limits(limits, address, ip):
        ends = [cache.get(f"{name}/{slot}", now) for slot in range(limit.times)]
        times.append(min(ends))
    return datetime.fromtimestamp(max(times), UTC)


def _name_limits(limits: Iterable[Limit], address: str, ip: str) -> list[tuple[Limit, str]]:
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    return [(limit, f"doors/{limit.what}/{keys[limit.what.partition('/')[2]]}") for limit in limits]


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


def _take_slot(limit: Limit, name: str, kept: int) -> bool:
    seconds = int(limit.within.total_seconds())
    ends = int(wall_clock_now().timestamp()) + seconds
    return any(cache.add(f"{name}/{slot}", ends, timeout=seconds) for slot in range(limit.times - kept))
