"""Take one email from wherever it came: cap it, parse it in a limited process, find its place, and store it."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import to_client_clock, wall_clock_now
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.addresses import list_own_addresses
from rights.mailbox.models import MailMessage
from rights.mailbox.rules import ParsedMail, find_aside_reason
from rights.mailbox.services import ReceivedMail, find_place, message_key_of, store_mail

SECONDS = 2
"""Processor time of the parser for one email."""
MEMORY_BYTES = 256 * 1024 * 1024
"""Address space of the parser."""
_PATIENCE = 60
"""Seconds by the clock: for a machine so busy that two seconds of processor time take longer."""
_LIMITS = {"text": 20_000, "header": 16_384, "parts": 1_000, "attachments": 20}
_LIMITS |= {"seconds": SECONDS, "memory": MEMORY_BYTES}
_CHILD = str(Path(__file__).with_name("parser.py"))


def parse_mail(raw: bytes) -> tuple[ParsedMail, list[bytes]] | None:
    """Return an email's description and its attachments' contents; None if it could not be read within the limits."""
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and file; the email is on standard input
            [sys.executable, "-I", "-S", "-B", _CHILD, json.dumps(_LIMITS)],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return _read(done.stdout) if done.returncode == 0 else None


def _read(output: bytes) -> tuple[ParsedMail, list[bytes]] | None:
    head, _, rest = output.partition(b"\n")
    try:
        parsed = msgspec.json.decode(head, type=ParsedMail)
    except msgspec.MsgspecError:
        return None
    contents, start = [], 0
    for attachment in parsed.attachments:
        contents.append(rest[start : start + attachment.size])
        start += attachment.size
    return (parsed, contents) if start == len(rest) else None


log = structlog.stdlib.get_logger(__name__)

_BROKEN_RULES = (PortalError, ValidationError, ValueError, LookupError, DataError, IntegrityError)
NOT_STORED = (DatabaseError, *_BROKEN_RULES)
"""Errors of ``take_mail``: the email stays where it is and is tried again."""
_BY_MAIL = system_actor("mailbox.receive")


def take_mail(raw: bytes, *, received_at: datetime | None = None) -> MailMessage | None:
    """Take one email and return its stored message, committed; None if it was taken before or is empty.

    ``raw`` may be cut at MAILBOX_MOST_BYTES + 1 bytes. An email that breaks a rule is kept whole for an officer:
    otherwise it would be tried for ever. Raises one of NOT_STORED.
    """
    if not raw.strip():
        log.warning("An empty email was skipped.")
        return None
    is_cut, raw = len(raw) > settings.MAILBOX_MOST_BYTES, raw[: settings.MAILBOX_MOST_BYTES]
    arrived, parsed = received_at or wall_clock_now(), parse_mail(raw)
    if parsed is not None:
        try:
            return _take(raw, *parsed, is_cut=is_cut, received_at=arrived)
        except _BROKEN_RULES as error:
            log.warning("An email is kept unread", error=type(error).__name__)  # its message may hold personal data
    return _take(raw, None, [], is_cut=is_cut, received_at=arrived)


def _take(
    raw: bytes, mail: ParsedMail | None, contents: list[bytes], *, is_cut: bool, received_at: datetime
) -> MailMessage | None:
    aside = None if mail is None else find_aside_reason(mail, own=list_own_addresses())
    with as_officer():
        if MailMessage.objects.filter(message_key=message_key_of(raw, mail)).exists():  # taken before, at any client
            return None
        client_id, request_id = find_place(mail, by_sender=aside is None)
        zone = Client.objects.get(pk=PAKTALEEM).time_zone
    with in_client(client_id):
        client, at = Client.objects.get(pk=client_id), to_client_clock(wall_clock_now())
        arrived = min(to_client_clock(received_at), at)
        received = ReceivedMail(raw, is_cut, mail, contents, aside, arrived, zone)
        return store_mail(received, client=client, request_id=request_id, actor=_BY_MAIL, at=at)
