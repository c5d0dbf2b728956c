"""Emails that notify privacy officers of incidents."""

from datetime import datetime

from paktaleem.directory.mail.kinds import MessageKind, declare_message
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.models import Incident

_FIELDS = ("school", "due", "url")
OPENED = declare_message("incident_opened", fields=_FIELDS)
OVERDUE = declare_message("incident_overdue", fields=_FIELDS)


def email_officers(
    incident: Incident, *, kind: MessageKind = OPENED, school: str, url: str, actor: Actor, at: datetime
) -> int:
    """Email every privacy officer about an incident; ``url`` is its page. Returns the number of recipients.

    Must be called in PakTaleem's own context.
    """
    staff = list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=at)
    context = {"school": school[:200], "due": f"{incident.due_at:%Y-%m-%d}", "url": url}
    for user in staff:
        send_message(kind.code, to=user, client_id=PAKTALEEM, context=context, actor=actor, at=at)
    return len(staff)
