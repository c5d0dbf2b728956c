"""Access links and one-time codes: each opens one page for one person, once (decision 0017); with their rate limits.

An attempt is counted at once, even if the request is rolled back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac

from paktaleem.directory.access_links.models import AccessGrant, Page, PageCode, PageLink
from paktaleem.directory.access_links.sessions import code_digest, new_code, new_token, token_digest
from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.mail.services import MessageKind, declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import contact_of, sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, person_actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import actor_fields
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_client_clock, wall_clock_now
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import read_in_one_statement

CONTACT_WAIT = timedelta(hours=72)
"""A new or changed contact proves nothing until this time has passed (threat 5: a contact changed for the purpose)."""


class ContactVersion(NamedTuple):
    """The contacts of a person from a time on; empty where there is none."""

    since: datetime
    email: str
    phone: str

    def __repr__(self) -> str:
        return f"ContactVersion({self.since}, •••)"


def list_contact_versions(subject: Subject) -> list[ContactVersion]:
    """List the contacts of a person over time, oldest first, one for each change. Raises KeyDestroyed if erased."""
    # The values in the history are compared opened, because a change of another field may seal them anew.
    sealer, found = sealer_of(subject), list[ContactVersion]()
    rows = subject.history.order_by("history_date", "history_id").values_list("history_date", "email", "phone")
    for since, *sealed in rows:
        email, phone = (
            sealer.open(one, column=f"people_subject.{field}") if one is not None else ""
            for field, one in zip(("email", "phone"), sealed, strict=True)
        )
        if (email, phone) != (found[-1][1:] if found else ("", "")):
            found.append(ContactVersion(since, email, phone))
    return found


def is_contact_settled(subject: Subject, at: datetime) -> bool:
    """Return True if the contacts on file have not changed in the last 72 hours, so that a code to them counts."""
    versions = list_contact_versions(subject)
    return not versions or at - versions[-1].since >= CONTACT_WAIT


CODE_LIFE = timedelta(minutes=10)
INVITATION_LIFE = timedelta(days=7)

PAGE_CODE = declare_message("page_code", fields=["code", "minutes"], life=CODE_LIFE, is_texted=True)
PAGE_LINK = declare_message("page_link", fields=["url", "days"], life=INVITATION_LIFE, is_texted=True)


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
    """Count a message that anyone can cause to a person's contact on file; return False if it must not be sent."""
    contact = contact_of(subject, "email" if channel == Channel.MAIL else "phone")
    return contact is not None and count_rights_address(contact)


def count_verified_message(subject: Subject) -> bool:
    """Count a message that a verified person causes to their own contact, by person; return False if it must not go."""
    has_contact = contact_of(subject, "email") is not None
    return has_contact and count_attempt(RIGHTS_VERIFIED_LIMITS, address=str(subject.pk), ip="")


def count_rights_address(address: str) -> bool:
    """Count a message that anyone can cause to an email address or number, at every client together.

    Returns False if it must not be sent.
    """
    return count_attempt(RIGHTS_MESSAGE_LIMITS, address=message_key(address), ip="")


def message_key(address: str) -> str:
    """Return the keyed hash under which messages to an email address or number are counted."""
    local, at_sign, domain = address.strip().casefold().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}" if at_sign else domain  # a tag (RFC 5233) leads to the same mailbox
    return salted_hmac("rights-message", plain, algorithm="sha256").hexdigest()


def count_code(key: str, *, ip: str) -> datetime | None:
    """Count a code requested for the contact of this ``message_key``; None if it may be sent, or when the next may."""
    for limits in (_MESSAGE_SOURCE_LIMITS, RIGHTS_MESSAGE_LIMITS):
        if not count_attempt(limits, address=key, ip=ip):
            return find_next_attempt(limits, address=key, ip=ip)
    return None


def note_code(knock: str, *, address: str, after: str) -> None:
    """Note that a code is sent for the browser with this digest (``after``: its digest before), for its first guess."""
    if after and cache.get(f"guessed/{after}"):
        cache.set(f"guessed/{knock}", 1, timeout=_CODE_SECONDS)
    any(cache.add(f"sent-code/{address}/{slot}", knock, timeout=_CODE_SECONDS) for slot in range(_CODES_NOTED))


def count_guess(totals: Sequence[tuple[Sequence[Limit], str]], *, knock: str, address: str, ip: str) -> bool:
    """Count a guess of a code under limits and their keys; return True if it may be checked.

    The first guess in a browser to which a code was sent always may; each limit keeps one attempt for it.
    """
    noted = [cache.get(f"sent-code/{address}/{slot}") for slot in range(_CODES_NOTED)]
    may_be_first = knock in noted and not cache.get(f"guessed/{knock}")
    is_first = may_be_first and cache.add(f"first-guess/{knock}", 1, timeout=_CODE_SECONDS)
    others = [one for one in noted if one and one != knock and not is_first]
    kept = sum(not cache.get(f"guessed/{one}") for one in others)
    within = True
    for limits, key in totals:
        if within or is_first:  # a guess that one limit refuses takes no place of the next one from a parallel guess
            within &= count_attempt(limits, address=key, ip=ip, kept=kept)
    if is_first:
        cache.set(f"guessed/{knock}", 1, timeout=_CODE_SECONDS)
    return within or is_first


def count_attempt(limits: Iterable[Limit], *, address: str, ip: str, kept: int = 0) -> bool:
    """Count one attempt under each limit, up to the first that is reached; return True if none was reached.

    Each limit is a number of expiring slots, of which ``kept`` are left free. Taking one is a single atomic statement.
    """
    now = int(wall_clock_now().timestamp())
    return all(
        any(cache.add(f"{name}/{slot}", now + seconds, timeout=seconds) for slot in range(limit.times - kept))
        for limit, name, seconds in _name_limits(limits, address, ip)
    )


def find_next_attempt(limits: Iterable[Limit], *, address: str, ip: str) -> datetime:
    """Return when each of the limits has a free slot; now if all have one."""
    now = int(wall_clock_now().timestamp())
    times = [now]
    for limit, name, _seconds in _name_limits(limits, address, ip):
        times.append(min(cache.get(f"{name}/{slot}", now) for slot in range(limit.times)))
    return datetime.fromtimestamp(max(times), UTC)


def _name_limits(limits: Iterable[Limit], address: str, ip: str) -> Iterator[tuple[Limit, str, int]]:
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    for limit in limits:
        yield limit, f"doors/{limit.what}/{keys[limit.what.partition('/')[2]]}", int(limit.within.total_seconds())


def count_in_window(limits: Iterable[Limit], *, address: str, ip: str) -> bool:
    """Count one attempt as ``count_attempt``, for limits of many attempts: in two statements.

    The period begins with the first attempt and then starts anew, so that twice the number may fall into its length.
    """
    return all(_count(limit, f"window/{name}", seconds) for limit, name, seconds in _name_limits(limits, address, ip))


def _count(limit: Limit, name: str, seconds: int) -> bool:
    if cache.add(name, 1, timeout=seconds):
        return True
    try:
        return cache.incr(name) <= limit.times
    except ValueError:  # the period ended between the two statements
        return True


LINK_LIFE = timedelta(minutes=10)
SEND_CODES = "access_links.send_codes"
_MOST_PER_CONTACT = 5
"""Maximum number of people sharing a contact who are each sent a code."""

code_accepted: ExtensionPoint[Callable[[PageCode, datetime], None]] = ExtensionPoint(
    "access_links.code_accepted", "Called when a one-time code opens a page, in the same transaction."
)


class CodeRequest(NamedTuple):
    """A browser's request for codes: to a contact (``field``: email or phone, and keyed hash) or a link's person."""

    client_id: UUID
    page: str
    language: str
    field: str = ""
    address_hash: bytes = b""
    link_id: UUID | None = None


@transaction.atomic
def issue_link(
    subject: Subject,
    *,
    page: Page | str,
    child: Subject | None = None,
    needs_code: bool = False,
    channel: Channel | str = "",
    life: timedelta = LINK_LIFE,
    actor: Actor,
    at: datetime,
) -> tuple[PageLink, str]:
    """Issue an access link for one person; return its row and the token, which is not stored (decision 0017).

    Without ``needs_code`` the link opens the page once for anyone who holds it: for a system that redirects the person
    at once. With it the page opens with a one-time code sent to the contact on file, so that the link may be mailed.
    ``child`` is the person for whom a guardian acts. Raises AlreadyErased, NotAllowed.
    """
    require(actor, Capability.ISSUE_LINKS, subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    token = new_token()
    link = PageLink(
        client_id=subject.client_id,
        subject=subject,
        child=child,
        page=Page(page),
        channel=Channel(channel) if channel else "",
        digest=token_digest(token),
        needs_code=needs_code,
        created_at=at,
        expires_at=at + life,
        **actor_fields(actor),
    )
    link.save(force_insert=True)
    about = {"link": str(link.id), "page": str(link.page), "child": str(child.id) if child else None}
    _record("page_link.issued", link, {**about, "needs_code": needs_code}, actor, at)
    return link, token


@transaction.atomic
def send_access_link(
    subject: Subject,
    *,
    page: Page | str,
    address: Callable[[str], str],
    child: Subject | None = None,
    channel: Channel | str = Channel.MAIL,
    kind: MessageKind = PAGE_LINK,
    values: Mapping[str, str] | None = None,
    related_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[PageLink, Letter]:
    """Send an access link to the person's contact on file; ``address`` returns the URL for a token (decision 0017).

    ``at`` is real time. ``kind`` is a message with the fields of PAGE_LINK and ``values``; ``related_id`` is by default
    the link. Raises AlreadyErased, NotAllowed.
    """
    link, token = issue_link(
        subject, page=page, child=child, needs_code=True, channel=channel, life=INVITATION_LIFE, actor=actor, at=at
    )
    letter = send_message(
        kind.code,
        to=subject,
        client_id=subject.client_id,
        context={"url": address(token), "days": str(INVITATION_LIFE.days), **(values or {})},
        channel=channel,
        related_id=related_id or link.id,
        actor=actor,
        at=to_client_clock(at),
    )
    return link, letter


@transaction.atomic
def redeem_link(link: PageLink, *, at: datetime) -> bool:
    """Redeem a link without ``needs_code``; return True for exactly one of concurrent attempts (decision 0017)."""
    unused = PageLink.objects.filter(
        pk=link.pk, client_id=link.client_id, needs_code=False, used_at=None, expires_at__gt=at
    )
    if unused.update(used_at=at) != 1:
        return False
    _record("page_link.opened", link, {"link": str(link.id), "page": str(link.page)}, _subject_actor(link), at)
    return True


def request_codes(request: CodeRequest, *, knock: bytes) -> None:
    """Enqueue a job that sends codes, so that the response takes equally long for unknown contacts (decision 0017)."""
    enqueue_job(
        SEND_CODES,
        client=str(request.client_id),
        page=request.page,
        language=request.language,
        field=request.field,
        index=request.address_hash.hex(),
        link=str(request.link_id) if request.link_id else None,
        knock=knock.hex(),
    )


@transaction.atomic
def send_codes(request: CodeRequest, *, knock: bytes, actor: Actor, at: datetime) -> int:
    """Send a code to each person with this contact, or to the person of the link; return how many (decision 0017).

    People who share a contact receive a message each; a code opens the page of the person it was sent for.
    """
    recipients = _list_recipients(request, at)
    used: set[str] = set()
    for subject, child, channel in recipients:
        code = next(one for one in iter(new_code, "") if one not in used)
        used.add(code)
        row = PageCode(
            client_id=request.client_id,
            subject=subject,
            child=child,
            page=request.page,
            channel=channel,
            digest=code_digest(code, knock=knock),
            knock=knock,
            created_at=at,
            expires_at=at + CODE_LIFE,
        )
        row.save(force_insert=True)
        send_message(
            PAGE_CODE.code,
            to=subject,
            client_id=request.client_id,
            context={"code": code, "minutes": str(int(CODE_LIFE.total_seconds()) // 60)},
            channel=channel,
            language=request.language,
            related_id=row.id,
            actor=actor,
            at=to_client_clock(at),
        )
    return len(recipients)


def _list_recipients(request: CodeRequest, at: datetime) -> list[tuple[Subject, Subject | None, str]]:
    """List the people who get a code, for whom each acts, and by which channel.

    Codes for a contact, which anyone can request, count under its daily limit: the first when it was requested.
    """
    if request.link_id:
        links = PageLink.objects.select_related("subject", "child").filter(
            pk=request.link_id, client_id=request.client_id, needs_code=True, expires_at__gt=at, subject__erased_at=None
        )
        by_mail = Channel.MAIL.value
        return [
            (link.subject, link.child, link.channel or (by_mail if link.subject.email else Channel.TEXT.value))
            for link in links
        ]
    channel = Channel.MAIL if request.field == "email" else Channel.TEXT
    owners = Subject.objects.filter(
        client_id=request.client_id, erased_at=None, **{f"{request.field}_index": request.address_hash}
    ).order_by("id")[:_MOST_PER_CONTACT]
    return [
        (subject, None, channel.value)
        for number, subject in enumerate(owners)
        if number == 0 or count_rights_message(subject, channel)
    ]


@transaction.atomic
def redeem_code(code: str, *, client_id: UUID, page: str, knock: bytes, at: datetime) -> PageCode | None:
    """Redeem a one-time code in the browser that requested it; return its row, or None if not valid (decision 0017).

    The caller must count the attempt first. Of any number of concurrent attempts one succeeds.
    """
    found = (
        PageCode.objects.select_related("subject", "child")
        .filter(client_id=client_id, page=page, knock=knock, digest=code_digest(code, knock=knock))
        .filter(used_at=None, expires_at__gt=at, subject__erased_at=None)
        .first()
    )
    if found is None:
        return None
    if PageCode.objects.filter(pk=found.pk, client_id=client_id, used_at=None).update(used_at=at) != 1:
        return None
    _record("page_code.accepted", found, {"code": str(found.id), "page": str(found.page)}, _subject_actor(found), at)
    for handler in code_accepted:
        handler(found, at)
    return found


def _subject_actor(row: AccessGrant) -> Actor:
    return person_actor(row.subject_id, row.client_id, acts_for=row.child_id or row.subject_id)


def _record(kind: str, row: AccessGrant, facts: dict[str, object], actor: Actor, at: datetime) -> None:
    record_entry(kind, client_id=row.client_id, subject_id=row.subject_id, facts=facts, actor=actor, at=at)


def client_of_link(token: str) -> UUID | None:
    """Return the client of the link with this token, even if used or expired; None if it was never issued."""
    [[client_id]] = read_in_one_statement("SELECT access_links_client_of_link(%s)", [token_digest(token)])
    found: UUID | None = client_id
    return found


def find_live_link(token: str, *, page: str, at: datetime) -> PageLink | None:
    """Return the valid link with this token, in its client's context; None if expired or used."""
    links = PageLink.objects.select_related("subject", "child")
    return links.filter(
        digest=token_digest(token), page=page, used_at=None, expires_at__gt=at, subject__erased_at=None
    ).first()


def list_people_of_code(client_id: UUID, *, page: str, knock: bytes) -> list[UUID]:
    """List the people to whom codes were sent at the request of one browser; empty if its contact is unknown."""
    codes = PageCode.objects.filter(client_id=client_id, page=page, knock=knock)
    return sorted(set(codes.values_list("subject_id", flat=True)))
