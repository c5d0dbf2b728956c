"""Checks of the mailbox: its settings, and the doctor's check of whether it is read."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.models import MailboxCheck

_WAYS = ("ssl", "starttls", "none")
_THIS_COMPUTER = frozenset({"localhost", "127.0.0.1", "::1"})


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
