"""Issue and redeem access links and one-time codes: each opens one page for one person, once (decision 0017)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from paktaleem.directory.access_links.limits import count_rights_message
from paktaleem.directory.access_links.messages import CODE_LIFE, INVITATION_LIFE, PAGE_CODE, PAGE_LINK
from paktaleem.directory.access_links.models import AccessGrant, Page, PageCode, PageLink
from paktaleem.directory.access_links.sessions import code_digest, new_code, new_token, token_digest
from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, person_actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job

LINK_LIFE = timedelta(minutes=10)
SEND_CODES = "access_links.send_codes"
_MOST_PER_CONTACT = 5
"""Maximum number of people sharing a contact who are each sent a code."""

type AcceptedHandler = Callable[[PageCode, datetime], None]

code_accepted: ExtensionPoint[AcceptedHandler] = ExtensionPoint(
    "access_links.code_accepted", "Called when a one-time code opens a page, in the same transaction."
)


class CodeRequest(NamedTuple):
    """A browser's request for codes: to a contact, given by its keyed hash, or to the person of a link.

    ``field`` is the kind of contact: email or phone; empty for a link, whose code is sent by the same channel.
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
    """Issue an access link for one person; return its row and the token, which is shown only once and not stored.

    Follows decision 0017. Without ``needs_code`` the link opens the page once for anyone who holds it: for a system
    that has signed the person in and redirects them at once. With it the link may be sent by email: it shows nothing,
    can be followed several times, and the page opens with a one-time code sent to the contact on file. ``child`` is the
    person for whom a guardian acts. Raises AlreadyErased, NotAllowed.
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
    facts = {"link": str(link.id), "page": str(link.page), "needs_code": needs_code, "child": _id_or_none(child)}
    _record("page_link.issued", link, facts, actor, at)
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

    ``at`` is real time, not a sandbox's clock, as for all links and codes. ``kind`` is a message with the fields of
    PAGE_LINK and ``values``; ``related_id`` is its related object, by default the link. Raises AlreadyErased,
    NotAllowed.
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
    """Redeem a link; return True for exactly one of any number of concurrent attempts (decision 0017).

    A link with ``needs_code`` is never redeemed here.
    """
    unused = PageLink.objects.filter(
        pk=link.pk, client_id=link.client_id, needs_code=False, used_at=None, expires_at__gt=at
    )
    if unused.update(used_at=at) != 1:
        return False
    _record("page_link.opened", link, {"link": str(link.id), "page": str(link.page)}, _subject_actor(link), at)
    return True


def request_codes(request: CodeRequest, *, knock: bytes) -> None:
    """Enqueue a job that sends codes, so that the response takes equally long for known and unknown contacts.

    Follows decision 0017. The job's arguments are ids and keyed hashes.
    """
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

    People who share a contact receive a message each; a code opens the page of the person it was sent for. Codes for a
    contact, which anyone can request, count under its daily limit: the first was counted when it was requested. Those
    for a link that was sent to the contact do not count.
    """
    codes = _codes_for_link(request, request.link_id, at) if request.link_id else _codes_for_contact(request, at)
    used: set[str] = set()
    for row in codes:
        code = next(one for one in iter(new_code, "") if one not in used)
        used.add(code)
        row.digest, row.knock = code_digest(code, knock=knock), knock
        row.channel = row.channel or _channel(request.field, row.subject).value
        row.save(force_insert=True)
        send_message(
            PAGE_CODE.code,
            to=row.subject,
            client_id=request.client_id,
            context={"code": code, "minutes": str(int(CODE_LIFE.total_seconds()) // 60)},
            channel=row.channel,
            language=request.language,
            related_id=row.id,
            actor=actor,
            at=to_client_clock(at),
        )
    return len(codes)


def _channel(field: str, subject: Subject) -> Channel:
    by_mail = field == "email" or (not field and subject.email is not None)
    return Channel.MAIL if by_mail else Channel.TEXT


def _codes_for_contact(request: CodeRequest, at: datetime) -> list[PageCode]:
    found = Subject.objects.filter(
        client_id=request.client_id, erased_at=None, **{f"{request.field}_index": request.address_hash}
    ).order_by("id")[:_MOST_PER_CONTACT]
    return [
        _new_code_row(subject, None, request, at)
        for number, subject in enumerate(found)
        if number == 0 or count_rights_message(subject, _channel(request.field, subject))
    ]


def _codes_for_link(request: CodeRequest, link_id: UUID, at: datetime) -> list[PageCode]:
    links = PageLink.objects.select_related("subject", "child").filter(
        pk=link_id, client_id=request.client_id, needs_code=True, expires_at__gt=at, subject__erased_at=None
    )
    return [_new_code_row(link.subject, link.child, request, at, channel=link.channel) for link in links]


def _new_code_row(
    subject: Subject, child: Subject | None, request: CodeRequest, at: datetime, *, channel: str = ""
) -> PageCode:
    return PageCode(
        client_id=request.client_id,
        subject=subject,
        child=child,
        page=request.page,
        channel=channel,
        created_at=at,
        expires_at=at + CODE_LIFE,
    )


@transaction.atomic
def redeem_code(code: str, *, client_id: UUID, page: str, knock: bytes, at: datetime) -> PageCode | None:
    """Redeem a one-time code in the browser that requested it; return its row, or None if it is not valid.

    Follows decision 0017. The caller must count the attempt first (``limits.count_attempt``). A code is valid for ten
    minutes (ASVS 6.5.5). Of any number of concurrent attempts one succeeds.
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


def _id_or_none(subject: Subject | None) -> str | None:
    return str(subject.id) if subject is not None else None


def _record(kind: str, row: AccessGrant, facts: dict[str, Any], actor: Actor, at: datetime) -> None:
    record_entry(kind, client_id=row.client_id, subject_id=row.subject_id, facts=facts, actor=actor, at=at)
