"""Emails that notify privacy officers of incidents."""

from datetime import datetime

from paktaleem.directory.mail.kinds import LetterKind, declare_letter
from paktaleem.directory.mail.services import send_letter
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import staff_of
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.models import Incident

__all__ = ["OPENED", "OVERDUE", "tell_officers"]

_FIELDS = ("school", "due", "url")
OPENED = declare_letter("incident_opened", fields=_FIELDS)
OVERDUE = declare_letter("incident_overdue", fields=_FIELDS)


def tell_officers(
    incident: Incident, *, kind: LetterKind = OPENED, school: str, url: str, actor: Actor, at: datetime
) -> int:
    """Email every privacy officer about an incident; ``url`` is its page. Returns the number of recipients.

    Must be called in PakTaleem's own context.
    """
    staff = staff_of(PAKTALEEM, Role.PRIVACY_OFFICER, at=at)
    context = {"school": school[:200], "due": f"{incident.due_at:%Y-%m-%d}", "url": url}
    for user in staff:
        send_letter(kind.code, to=user, client_id=PAKTALEEM, context=context, actor=actor, at=at)
    return len(staff)
