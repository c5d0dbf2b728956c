"""Rules about an email, and its description as the parser returns it. Pure."""

import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec


class ParsedAttachment(msgspec.Struct, frozen=True):
    """An attachment: the name and type that the sender claims, and its size in bytes."""

    name: str
    kind: str
    size: int


class ParsedMail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One email as the sender wrote it; nothing in it is proof of anything.

    ``senders`` counts the From headers; ``sender`` is the one address in a single From, otherwise empty. ``recipients``
    counts those in To and Cc. ``tokens`` may name cases. ``return_path`` is None without the header. ``results`` are
    the Authentication-Results headers, topmost first. ``cut`` names what exceeded a limit and was left out.
    """

    senders: int
    sender: str
    sender_line: str
    reply_to: str
    recipients: int
    tokens: list[str]
    subject: str
    sent_at: str
    message_id: str
    references: list[str]
    return_path: str | None
    content_type: str
    automatic: dict[str, str]
    results: list[str]
    text: str
    cut: list[str]
    attachments: list[ParsedAttachment]


MOST_RECIPIENTS = 20
"""A request to us has few recipients; more is a circular."""
_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon"})
_ROBOTS = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply"})
_BULK = frozenset({"bulk", "list", "junk"})
_SUPPRESSED = frozenset({"all", "autoreply", "oof"})
_URDU = re.compile("[\u0600-\u06ff]")
_LETTER = re.compile("[A-Za-z]")
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(spf|dkim|dmarc|arc|auth|iprev)\s*=\s*([a-z]{1,16})\b", re.IGNORECASE)


class AsideReason(StrEnum):
    """Why an email is set aside: it makes no request and gets no acknowledgement."""

    SENDER = "sender"
    OWN = "own"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    LIST = "list"
    RECIPIENTS = "recipients"
    QUOTA = "quota"


def find_aside_reason(mail: ParsedMail, *, own: Iterable[str]) -> AsideReason | None:
    """Return why an email is set aside, or None (RFC 3834, section 2); ``own`` are our addresses."""
    local, _, domain = mail.sender.lower().rpartition("@")
    automatic = {name.lower(): value.lower() for name, value in mail.automatic.items()}
    submitted = automatic.get("auto-submitted", "no").partition(";")[0].strip()
    has_no_path = mail.return_path is not None and mail.return_path.strip("<> ") == ""
    checks = {
        AsideReason.SENDER: mail.senders != 1 or not local,
        AsideReason.OWN: f"{local.partition('+')[0]}@{domain}" in {one.lower() for one in own},
        AsideReason.BOUNCE: has_no_path or mail.content_type == "multipart/report" or local in _DAEMONS,
        AsideReason.AUTOMATIC: submitted != "no" or "x-loop" in automatic or local in _ROBOTS,
        AsideReason.LIST: "list-id" in automatic or automatic.get("precedence", "").strip() in _BULK,
        AsideReason.RECIPIENTS: mail.recipients > MOST_RECIPIENTS,
    }
    return next((reason for reason, applies in checks.items() if applies), None)


def may_acknowledge(mail: ParsedMail) -> bool:
    """Return True if an email that makes a request may have an automatic reply."""
    automatic = {name.lower(): value.lower() for name, value in mail.automatic.items()}
    asked = {one.strip() for one in automatic.get("x-auto-response-suppress", "").split(",")}
    return not asked & _SUPPRESSED and "list-unsubscribe" not in automatic


def guess_language(text: str) -> str:
    """Return the language of the reply by the script of a text: Urdu if most of it is in Arabic script."""
    return "ur" if len(_URDU.findall(text)) > len(_LETTER.findall(text)) else "en"


def read_results(headers: Iterable[str], *, our_id: str) -> list[str]:
    """Return the results of the topmost header of our own server (RFC 8601), which removes those that use its name."""
    for header in headers:
        bare = _COMMENT.sub(" ", header)
        name, _, rest = bare.partition(";")
        if our_id and name.lower().split()[:1] == [our_id.lower()]:
            return [f"{method.lower()}={result.lower()}" for method, result in _RESULT.findall(rest)]
    return []
