"""``manage.py receive_mail``: take one email from standard input, as the pipe of a mail server."""

import os
import sys
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand

from rights.mailbox.intake import NOT_STORED, EmptyMail, take_mail

_CHUNK = 64 * 1024


class Command(BaseCommand):
    """Take one email; the exit status tells the mail server what to do with it (sysexits.h)."""

    help = "Take one email from standard input. Exit status: 0 taken, 65 refused, 75 try again later."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        """Take the email; exit with 65 if there is none, and with 75 if it could not be stored."""
        try:
            taken = take_mail(_read(sys.stdin.buffer))
        except EmptyMail:
            self._exit("The email is empty.", os.EX_DATAERR)
        except (*NOT_STORED, ImproperlyConfigured, OSError) as error:
            self._exit(f"Not taken, try again later: {type(error).__name__}.", os.EX_TEMPFAIL)
        else:
            state = "known already" if taken.message is None else taken.message.state
            self.stderr.write(f"Taken: {state}.")

    def _exit(self, message: str, status: int) -> None:
        self.stderr.write(message)
        sys.exit(status)


def _read(stream: IO[bytes]) -> bytes:
    """Return the email up to one byte above the limit; the rest is dropped, so that the pipe does not break."""
    found = stream.read(settings.MAILBOX_MOST_BYTES + 1)
    while stream.read(_CHUNK):
        pass
    return found
