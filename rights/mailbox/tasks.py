"""Background tasks of the mailbox: read it every minute, and delete settled messages."""

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.purging import purge_clients
from rights.mailbox.data_kinds import MAILBOX_MESSAGES, PURGE_MESSAGES, list_settled
from rights.mailbox.imap import MailboxUnusable, fetch_new_mails
from rights.mailbox.intake import NOT_STORED, EmptyMail, take_mail
from rights.mailbox.models import MailboxError
from rights.mailbox.services import purge_settled_messages, record_check

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
    """Return True if the email is stored, or there is nothing in it; one that cannot be stored does not stop others."""
    try:
        take_mail(raw, received_at=received_at)
    except EmptyMail:
        log.warning("An empty email was skipped.")
    except NOT_STORED as error:
        log.warning("An email could not be stored", error=type(error).__name__)  # its message may hold personal data
        return False
    return True


@app.periodic(cron="47 3 * * *", periodic_id="mailbox_purge")
@app.task(name=PURGE_MESSAGES, queueing_lock=PURGE_MESSAGES, pass_context=False)
def purge_messages(timestamp: int) -> None:
    """Every night, delete the content of messages that were settled some time ago."""
    del timestamp
    purge_clients(MAILBOX_MESSAGES, _purge_batch, due=_list_clients_with_settled)


def _purge_batch(client_id: UUID, at: datetime) -> int:
    return purge_settled_messages(client_id, at=at)


def _list_clients_with_settled(*, at: datetime) -> list[UUID]:
    return list(list_settled(at).order_by().values_list("client_id", flat=True).distinct())
