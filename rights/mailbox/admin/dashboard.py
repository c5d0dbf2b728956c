"""Dashboard cards of the mailbox: messages that wait for an officer, and a mailbox that cannot be read."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Line, Severity, Task
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.mailbox.models import MailboxCheck, MailMessage


@boards.connect
def mailbox_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the cards for PakTaleem's officers; two queries, one if no mailbox is configured."""
    if actor.client_id is not None or not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:mailbox_mailmessage_changelist", current_app=site.name)
    rows, note = MailMessage.objects.open(), _("set aside or not readable: look at them")
    waiting = Task(_("Messages to look at"), rows, note, f"{url}?{PROGRESS}=open", since="received_at")
    cards: list[Line] = [waiting]
    check = MailboxCheck.objects.filter(client_id=PAKTALEEM).first() if settings.MAILBOX_HOST else None
    if check is not None and (since := check.stuck_since(at)) is not None:
        note = _("{error}; since {time}").format(error=check.get_error_display() or "—", time=moment(since))
        cards.append(Card(_("Mailbox"), _("Cannot be read"), note, url, Severity.URGENT))
    return cards
