"""The kind of data that messages leave behind: addresses, and what was written."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.upkeep.periods.kinds import DataKind, Disposal

MESSAGES, PURGE_ADDRESSES = "messages", "mail.purge_addresses"


def list_kinds() -> tuple[DataKind, ...]:
    """List emails and text messages."""
    return (
        DataKind(
            code=MESSAGES,
            name=_("Addresses and texts of emails and text messages"),
            counted_from=_("The end of the message’s validity, which its kind sets: the link in it then leads nowhere"),
            disposal=Disposal.KEY,
            task=PURGE_ADDRESSES,
            due=_due,
        ),
    )


def _due(at: datetime) -> QuerySet[Letter]:
    found: QuerySet[Letter] = Letter.objects.filter(wrapped__isnull=False, expires_at__lte=at)
    return found
