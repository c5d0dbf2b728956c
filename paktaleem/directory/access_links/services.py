"""Handing out links and codes, and taking them back: each opens one page for one person, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from paktaleem.directory.access_links.letters import CODE_LIFE, INVITATION_LIFE, PAGE_CODE, PAGE_LINK
from paktaleem.directory.access_links.models import Door, Page, PageCode, PageLink
from paktaleem.directory.access_links.tokens import code_digest, new_code, new_token, token_digest
from paktaleem.directory.mail.kinds import LetterKind
from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.mail.services import send_letter
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, person_actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import here
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.jobs.enqueue import enqueue_job

__all__ = [
    "LINK_LIFE",
    "SEND_CODES",
    "Asked",
    "ask_for_codes",
    "code_accepted",
    "invite_by_letter",
    "issue_link",
    "open_by_code",
    "open_by_link",
    "send_codes",
]

LINK_LIFE = timedelta(minutes=10)
SEND_CODES = "doors.send_codes"
_ALIKE = 5
"""How many people who share an address are sent a code each."""

type AcceptedHandler = Callable[[PageCode, datetime], None]

code_accepted: ExtensionPoint[AcceptedHandler] = ExtensionPoint(
    "access_links.code_accepted", "Called when a one-time code opens a page, in the same transaction."
)


class Asked(NamedTuple):
    """What a browser asked for: codes to an address, known by its keyed hash alone, or to the person of a link.

    ``field`` says what kind of address: email or phone; it is empty for a link: its code goes the way it went itself.
    """

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
    """Issue a link for one person; returns its row and the token, which is shown this once and kept nowhere.

    Without ``needs_code`` whoever holds the link is let in, once: for a system that has signed the person in and
    leads them there at once. With it the link is an invitation that may lie in a mailbox: it shows nothing and can
    be followed again, and a code sent to the person's known address opens. ``child`` is for whom a guardian acts.
    Raises AlreadyErased, NotAllowed.
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
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
    )
    link.save(force_insert=True)
    facts = {"link": str(link.id), "page": str(link.page), "needs_code": needs_code, "child": _id(child)}
    _record("page_link.issued", link, facts, actor, at)
    return link, token


@transaction.atomic
def invite_by_letter(
    subject: Subject,
    *,
    page: Page | str,
    address: Callable[[str], str],
    child: Subject | None = None,
    channel: Channel | str = Channel.MAIL,
    kind: LetterKind = PAGE_LINK,
    related_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[PageLink, Letter]:
    """Send an invitation to the person's known address; ``address`` makes the link's address of its token.

    ``at`` is by the machine's clock, as links and codes are.
    ``kind`` is a letter with the fields of PAGE_LINK; ``related_id`` is what it is about, the link itself if left out.
    """
    link, token = issue_link(
        subject, page=page, child=child, needs_code=True, channel=channel, life=INVITATION_LIFE, actor=actor, at=at
    )
    letter = send_letter(
        kind.code,
        to=subject,
        client_id=subject.client_id,
        context={"url": address(token), "days": str(INVITATION_LIFE.days)},
        channel=channel,
        related_id=related_id or link.id,
        actor=actor,
        at=here(at),
    )
    return link, letter


@transaction.atomic
def open_by_link(link: PageLink, *, at: datetime) -> bool:
    """Use a link up; of any number of attempts at once, one succeeds. An invitation is never used up, nor opens."""
    unused = PageLink.objects.filter(
        pk=link.pk, client_id=link.client_id, needs_code=False, used_at=None, expires_at__gt=at
    )
    if unused.update(used_at=at) != 1:
        return False
    _record("page_link.opened", link, {"link": str(link.id), "page": str(link.page)}, _subject_actor(link), at)
    return True


def ask_for_codes(asked: Asked, *, knock: bytes) -> None:
    """Have codes sent, by a job: the answer takes as long for an unknown address as for a known one.

    The job's arguments are ids and keyed hashes.
    """
    enqueue_job(
        SEND_CODES,
        client=str(asked.client_id),
        page=asked.page,
        language=asked.language,
        field=asked.field,
        index=asked.address_hash.hex(),
        link=str(asked.link_id) if asked.link_id else None,
        knock=knock.hex(),
    )


@transaction.atomic
def send_codes(asked: Asked, *, knock: bytes, actor: Actor, at: datetime) -> int:
    """Send a code to each person with this address, or to the person of the link; returns how many were sent.

    People who share an address get a letter each; a code opens the page of the one it was sent for.
    """
    doors = _of_link(asked, asked.link_id, at) if asked.link_id else _with_address(asked, at)
    used: set[str] = set()
    for door in doors:
        code = next(one for one in iter(new_code, "") if one not in used)
        used.add(code)
        door.digest, door.knock = code_digest(code, knock=knock), knock
        door.channel = door.channel or _channel(asked.field, door.subject).value
        door.save(force_insert=True)
        send_letter(
            PAGE_CODE.code,
            to=door.subject,
            client_id=asked.client_id,
            context={"code": code, "minutes": str(int(CODE_LIFE.total_seconds()) // 60)},
            channel=door.channel,
            language=asked.language,
            related_id=door.id,
            actor=actor,
            at=here(at),
        )
    return len(doors)


def _channel(field: str, subject: Subject) -> Channel:
    by_mail = field == "email" or (not field and subject.email is not None)
    return Channel.MAIL if by_mail else Channel.TEXT


def _with_address(asked: Asked, at: datetime) -> list[PageCode]:
    found = Subject.objects.filter(
        client_id=asked.client_id, erased_at=None, **{f"{asked.field}_index": asked.address_hash}
    ).order_by("id")[:_ALIKE]
    return [_code(subject, None, asked, at) for subject in found]


def _of_link(asked: Asked, link_id: UUID, at: datetime) -> list[PageCode]:
    links = PageLink.objects.select_related("subject", "child").filter(
        pk=link_id, client_id=asked.client_id, needs_code=True, expires_at__gt=at, subject__erased_at=None
    )
    return [_code(link.subject, link.child, asked, at, channel=link.channel) for link in links]


def _code(subject: Subject, child: Subject | None, asked: Asked, at: datetime, *, channel: str = "") -> PageCode:
    return PageCode(
        client_id=asked.client_id,
        subject=subject,
        child=child,
        page=asked.page,
        channel=channel,
        created_at=at,
        expires_at=at + CODE_LIFE,
    )


@transaction.atomic
def open_by_code(code: str, *, client_id: UUID, page: str, knock: bytes, at: datetime) -> PageCode | None:
    """Use a code up in the browser that asked for it; returns whom it lets in, or None.

    Whoever calls counts the attempt first (``limits.take_slots``). Of any number at once, one succeeds.
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


def _subject_actor(door: Door) -> Actor:
    return person_actor(door.subject_id, door.client_id, acts_for=door.child_id or door.subject_id)


def _id(subject: Subject | None) -> str | None:
    return str(subject.id) if subject is not None else None


def _record(kind: str, door: Door, facts: dict[str, Any], actor: Actor, at: datetime) -> None:
    record_entry(kind, client_id=door.client_id, subject_id=door.subject_id, facts=facts, actor=actor, at=at)
