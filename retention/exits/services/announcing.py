"""The email to the client that the export of its data is ready; it has no personal data and no link."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from consent.agreements.selectors import list_notice_recipients, list_privacy_contacts
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from retention.exits.messages import EXPORT_READY
from retention.exits.models import AgreementExit


def announce_export(row: AgreementExit, *, actor: Actor, at: datetime) -> int:
    """Email the client's privacy contacts that the export is ready, in the caller's transaction; return how many.

    Without a privacy contact or data protection officer, the contacts for notices are informed. Raises ValueError
    for an exit without a return.
    """
    client = Client.objects.get(pk=row.client_id)
    people = list_privacy_contacts(client.pk, at=at) or list_notice_recipients(client.pk, at=at)
    if row.return_until is None:
        raise ValueError("An export is only written for a return, which has a last day.")
    day = row.return_until.astimezone(ZoneInfo(client.time_zone)).date()
    context = {"school": client.name[:200], "number": str(row), "day": day.isoformat()}
    stamp: dict[str, Any] = {"related_id": row.pk, "actor": actor, "at": at}
    for person in people:
        send_message(EXPORT_READY.code, to=person, client_id=client.pk, context=context, **stamp)
    return len(people)
