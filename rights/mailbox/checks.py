"""System checks of the mailbox's settings: without encryption only on this computer."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

_WAYS = ("ssl", "starttls", "none")
_THIS_COMPUTER = frozenset({"localhost", "127.0.0.1", "::1"})


@register
def check_mailbox(**_: Any) -> list[Error]:
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
