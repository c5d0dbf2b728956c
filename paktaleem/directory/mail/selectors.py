"""Selectors for messages and their delivery status."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import mailers
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.services import list_message_kinds
from paktaleem.directory.people.copies.declarations import Copied, Section
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer


def list_messages(actor: Actor) -> QuerySet[Letter]:
    """Return the messages of every client the actor may see. Raises NotAllowed."""
    require(actor, Capability.VIEW_MESSAGES)
    return Letter.objects.select_related("subject").defer("context", "address")


def list_messages_about(related_id: UUID, *, actor: Actor) -> list[Letter]:
    """Return all messages about a request, invitation or notice, oldest first. Raises NotAllowed."""
    return list(list_messages(actor).filter(related_id=related_id).order_by("queued_at", "id"))


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


def read_messages(at: datetime) -> Iterator[Gauge]:
    """Yield how many messages wait, how long the oldest has waited, and how many failed in the last day."""
    with as_officer():
        waiting = Letter.objects.filter(state=LetterState.QUEUED)
        oldest = waiting.order_by("queued_at").values_list("queued_at", flat=True).first() or at
        failed = Letter.objects.filter(state=LetterState.FAILED, queued_at__gt=at - RECENT)
        numbers = [found[:MOST_COUNTED].count() for found in (waiting, failed)]
    yield Gauge("messages_waiting", "Emails and text messages to be sent.", numbers[0])
    yield Gauge("messages_oldest_seconds", "How long the oldest of them has waited.", (at - oldest).total_seconds())
    yield Gauge("messages_failed", "Messages of the last day that failed.", numbers[1])


def list_mail_sections() -> Sequence[Section]:
    """List the section of messages; their content is deleted once they are sent."""
    messages = Copied(
        "messages",
        _("Emails and text messages to you"),
        "kind channel language state queued_at sent_at",
        labels={"kind": {one.code: _(one.code.replace("_", " ").capitalize()) for one in list_message_kinds()}},
        category="contact_details",
    )
    return (messages.make_section(Letter),)
