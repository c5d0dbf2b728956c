"""Fetch emails over IMAP, each marked only once it is stored, and check the settings and that the mailbox is read."""

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.models import MailboxCheck, MailboxError

_SECONDS = 30
_AT_ONCE = 100
_WAYS = ("ssl", "starttls", "none")
_THIS_COMPUTER = frozenset({"localhost", "127.0.0.1", "::1"})


class MailboxUnusable(Exception):
    """The mailbox cannot be read, with the reason."""

    def __init__(self, error: MailboxError) -> None:
        super().__init__(error.value)
        self.error = error


def fetch_new_mails(take: Callable[[bytes, datetime], bool]) -> bool:
    """Pass each new email of the folder to ``take``, at most a hundred; return True if all of them were taken.

    ``take`` gets the email, cut one byte above MAILBOX_MOST_BYTES, and when it arrived. Only when it returns True,
    the email is moved to MAILBOX_DONE_FOLDER, or without that marked as read. Raises MailboxUnusable.
    """
    with _folder() as server:
        criterion = "ALL" if settings.MAILBOX_DONE_FOLDER else "UNSEEN"
        found = _expect(server.uid("SEARCH", criterion))[0]
        uids = found.split()[:_AT_ONCE] if isinstance(found, bytes) else []
        taken = [_take(server, uid.decode(), take) for uid in uids]
        return all(taken)


def _take(server: imaplib.IMAP4, uid: str, take: Callable[[bytes, datetime], bool]) -> bool:
    mail = _fetch(server, uid)
    is_taken = mail is None or take(*mail)
    if is_taken:
        done = settings.MAILBOX_DONE_FOLDER
        if not done:
            _expect(server.uid("STORE", uid, "+FLAGS", r"(\Seen)"))
        elif "MOVE" in server.capabilities:
            _expect(server.uid("MOVE", uid, _quote(done)))
        else:
            _expect(server.uid("COPY", uid, _quote(done)))
            _expect(server.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
            server.expunge()
    return is_taken


@contextmanager
def _folder() -> Iterator[imaplib.IMAP4]:
    server = _connect()
    try:
        _log_in(server)
        yield server
    except (imaplib.IMAP4.abort, imaplib.IMAP4.error) as error:
        raise MailboxUnusable(MailboxError.PROTOCOL) from error
    except OSError as error:
        raise MailboxUnusable(MailboxError.UNREACHABLE) from error
    finally:
        try:
            server.logout()
        except (imaplib.IMAP4.error, OSError):
            _hang_up(server)


def _connect() -> imaplib.IMAP4:
    host, port, tls = settings.MAILBOX_HOST, settings.MAILBOX_PORT, settings.MAILBOX_TLS
    try:
        if tls == "ssl":
            return imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=_SECONDS)
        server = imaplib.IMAP4(host, port, timeout=_SECONDS)
    except ssl.SSLError as error:
        raise MailboxUnusable(MailboxError.NOT_ENCRYPTED) from error
    except imaplib.IMAP4.error as error:
        raise MailboxUnusable(MailboxError.PROTOCOL) from error
    except OSError as error:
        raise MailboxUnusable(MailboxError.UNREACHABLE) from error
    if tls == "starttls":
        _encrypt(server)
    return server


def _encrypt(server: imaplib.IMAP4) -> None:
    try:
        server.starttls(ssl.create_default_context())
    except (OSError, imaplib.IMAP4.error) as error:
        _hang_up(server)
        raise MailboxUnusable(MailboxError.NOT_ENCRYPTED) from error


def _log_in(server: imaplib.IMAP4) -> None:
    try:
        server.login(settings.MAILBOX_USER, settings.MAILBOX_PASSWORD)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxUnusable(MailboxError.LOGIN) from error
    named = _expect(server.capability())[0]  # some servers, such as Dovecot, name MOVE only after the sign-in
    if isinstance(named, bytes):
        server.capabilities = tuple(named.decode("ascii", "replace").upper().split())
    status, _ = server.select(_quote(settings.MAILBOX_FOLDER))
    if status != "OK":
        raise MailboxUnusable(MailboxError.FOLDER)


def _hang_up(server: imaplib.IMAP4) -> None:
    with suppress(OSError):  # a handshake that failed has closed the socket already
        server.shutdown()


def _fetch(server: imaplib.IMAP4, uid: str) -> tuple[bytes, datetime] | None:
    most = settings.MAILBOX_MOST_BYTES + 1
    parts = _expect(server.uid("FETCH", uid, f"(UID INTERNALDATE BODY.PEEK[]<0.{most}>)"))
    for part in parts:
        if isinstance(part, tuple):
            if (arrived := imaplib.Internaldate2tuple(part[0])) is None:
                raise MailboxUnusable(MailboxError.PROTOCOL)
            return bytes(part[1])[:most], datetime.fromtimestamp(time.mktime(arrived), tz=UTC)
    return None


def _expect(answer: tuple[str, list[bytes | tuple[bytes, bytes]]]) -> list[bytes | tuple[bytes, bytes]]:
    status, parts = answer
    if status != "OK":
        raise MailboxUnusable(MailboxError.PROTOCOL)
    return parts


def _quote(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@register
def check_settings(**_: object) -> list[Error]:
    """Return what is wrong with the settings; nothing if there is no mailbox."""
    if not settings.MAILBOX_HOST and not settings.MAILBOX_ADDRESS:
        return []
    found = []
    if settings.MAILBOX_TLS not in _WAYS:
        found.append(Error(f"MAILBOX_TLS is one of {', '.join(_WAYS)}.", id="mailbox.E002"))
    elif settings.MAILBOX_HOST and settings.MAILBOX_TLS == "none" and settings.MAILBOX_HOST not in _THIS_COMPUTER:
        hint = "Set MAILBOX_TLS to ssl or starttls."
        found.append(Error("The password of the mailbox would be sent unencrypted.", hint=hint, id="mailbox.E001"))
    try:
        validate_email(settings.MAILBOX_ADDRESS)
    except ValidationError:
        hint = "Set it to the mailbox's own address, such as privacy@school.example."
        found.append(Error("MAILBOX_ADDRESS is not an email address.", hint=hint, id="mailbox.E003"))
    return found


def check_mailbox() -> Iterator[Line]:
    """Yield whether the worker reads the mailbox; no line if none is configured."""
    if not settings.MAILBOX_HOST:
        return
    with in_client(PAKTALEEM):
        check = MailboxCheck.objects.filter(client_id=PAKTALEEM).first()
    since = None if check is None else check.stuck_since(wall_clock_now())
    if check is None or since is not None:
        error = "" if check is None else check.error
        when = "never" if since is None else f"not since {since:%Y-%m-%d %H:%M} UTC"
        yield to_mend("mailbox", f"read {when}" + (f" ({error})" if error else ""), "Look at MAILBOX_… and the worker.")
    else:
        yield fine("mailbox", "read by the worker")
