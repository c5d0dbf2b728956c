"""Background tasks of the mailbox: read it every minute, and delete settled messages."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.mailbox.imap import MailboxUnusable, fetch_new_mails
from rights.mailbox.intake import NOT_STORED, EmptyMail, take_mail
from rights.mailbox.models import MailboxError, MailMessage
from rights.mailbox.services.handling import purge_settled_messages
from rights.mailbox.services.state import record_check

__all__ = ["POLL", "poll_mailbox", "purge_messages"]

log = logging.getLogger(__name__)

POLL, PURGE = "mailbox.poll", "mailbox.purge"


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
        log.warning("The mailbox could not be read: %s", error.value)
    with in_client(PAKTALEEM):
        record_check(error, at=wall_clock_now())


def _take(raw: bytes, received_at: datetime) -> bool:
    """Return True if the email is stored, or there is nothing in it; one that cannot be stored does not stop others."""
    try:
        take_mail(raw, received_at=received_at)
    except EmptyMail:
        log.warning("An empty email was skipped.")
    except NOT_STORED as error:
        log.warning("An email could not be stored: %s", type(error).__name__)  # its message may hold personal data
        return False
    return True


@app.periodic(cron="47 3 * * *", periodic_id="mailbox_purge")
@app.task(name=PURGE, queueing_lock=PURGE, pass_context=False)
def purge_messages(timestamp: int) -> None:
    """Every night, delete the content of messages that were settled some time ago."""
    del timestamp
    with as_officer():
        clients = list_due_clients(_list_clients_with_settled, at=wall_clock_now())
    for client_id in clients:
        with in_client(client_id):
            purge_settled_messages(client_id, at=client_now())


def _list_clients_with_settled(*, at: datetime) -> list[UUID]:
    limit = at - timedelta(days=settings.MAILBOX_KEPT_DAYS)
    old = MailMessage.objects.filter(settled_at__lte=limit, wrapped__isnull=False)
    return list(old.order_by().values_list("client_id", flat=True).distinct())
