"""Dashboard cards about rights requests."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from rights.requests.models import RightsRequest

__all__ = ["rights_board"]


@boards.connect
def rights_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count open, soon due and overdue requests; one query."""
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    rows = RightsRequest.objects
    cards = [
        (_("Rights requests"), "open", rows.open(), _("open, due soonest first")),
        (_("Rights requests due soon"), "due_soon", rows.due_soon(at), _("due within seven days")),
        (_("Rights requests overdue"), "overdue", rows.overdue(at), _("the person has no answer and no notice")),
    ]
    url = reverse("admin:rights_rightsrequest_changelist", current_app=site.name)
    counts = count_each_up_to(*(found for _title, _which, found, _note in cards))
    return [
        Card(title, format_count(count), note, f"{url}?{PROGRESS}={which}", needs_attention=True)
        for (title, which, _found, note), count in zip(cards, counts, strict=True)
        if count
    ]
