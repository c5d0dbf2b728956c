"""The kind of data that the support mailbox leaves behind: messages that became no request."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff
from rights.mailbox.models import MailMessage

MAILBOX_MESSAGES, PURGE_MESSAGES = "mailbox_messages", "mailbox.purge"


def list_kinds() -> tuple[DataKind, ...]:
    """List messages of the support mailbox."""
    return (
        DataKind(
            code=MAILBOX_MESSAGES,
            name=_("Messages of the support mailbox that need nothing more"),
            counted_from=_("The time an officer settled it; a message of a request is kept as its texts are"),
            disposal=Disposal.KEY,
            task=PURGE_MESSAGES,
            bounds=Bounds(30, 7, 365),
            due=list_settled,
        ),
    )


def list_settled(at: datetime) -> QuerySet[MailMessage]:
    """List the messages that are due at ``at``, in the current context."""
    found: QuerySet[MailMessage] = MailMessage.objects.filter(
        settled_at__lte=get_cutoff(MAILBOX_MESSAGES, at=at), wrapped__isnull=False
    )
    return found
