"""Dashboard card about deadlines of supervisory authorities."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from rights.complaints.services import near_deadlines

__all__ = ["deadline_board"]


@boards.connect
def deadline_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card if a deadline of an authority is near or past; one query."""
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    count = count_up_to(near_deadlines(at).order_by())
    if not count:
        return []
    url = reverse("admin:complaints_authoritycase_changelist", current_app=site.name)
    note = _("near or past")
    return [
        Card(_("Deadlines of authorities"), format_count(count), note, f"{url}?progress=near", needs_attention=True)
    ]
