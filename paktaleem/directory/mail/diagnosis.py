"""The doctor's checks of the mail server, and of messages that were not sent."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.mail import mailers

from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.tenancy.context import as_officer

RECENT = timedelta(days=1)


def check_mail_server() -> Iterator[Line]:
    """Yield whether the mail server accepts a connection and the account; sends nothing."""
    if settings.MAIL_FOLDER:
        yield to_watch("mail server", "messages become files in MAIL_FOLDER", "Unset it to send them.")
        return
    connection = mailers["default"]
    try:
        connection.open()
    except OSError as error:  # smtplib's errors are OSErrors
        yield to_mend("mail server", f"no connection ({type(error).__name__})", "Look at EMAIL_URL.")
        return
    connection.close()
    yield fine("mail server", "accepts the connection and the account")


def check_messages() -> Iterator[Line]:
    """Yield how many messages failed in the last day."""
    with as_officer():
        failed = Letter.objects.filter(state=LetterState.FAILED, queued_at__gt=wall_clock_now() - RECENT).count()
    if failed:
        yield to_watch("messages", f"{failed:,} of the last day failed", "See Emails and text messages in the console.")
    else:
        yield fine("messages", "none of the last day failed")
