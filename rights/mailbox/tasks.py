"""The background task that reads the mailbox every minute."""

from datetime import datetime

import structlog
from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.imap import MailboxUnusable, fetch_new_mails
from rights.mailbox.intake import NOT_STORED, take_mail
from rights.mailbox.models import MailboxError
from rights.mailbox.services import record_check

log = structlog.stdlib.get_logger(__name__)

POLL = "mailbox.poll"


@app.periodic(cron="* * * * *", periodic_id="mailbox_poll")
@app.task(name=POLL, lock=POLL, queueing_lock=POLL, pass_context=False)
def poll_mailbox(timestamp: int) -> None:
    """Every minute, take the new emails of the mailbox, if one is configured."""
    del timestamp
    if not settings.MAILBOX_HOST:
        return
    error: MailboxError | None = None
    try:
        if not fetch_new_mails(_take):
            error = MailboxError.NOT_STORED
    except MailboxUnusable as failure:
        error = failure.error
        log.warning("The mailbox could not be read", reason=error.value)
    with in_client(PAKTALEEM):
        record_check(error, at=wall_clock_now())


def _take(raw: bytes, received_at: datetime) -> bool:
    try:
        take_mail(raw, received_at=received_at)
    except NOT_STORED as error:
        log.warning("An email could not be stored", error=type(error).__name__)  # its message may hold personal data
        return False
    return True
