"""Dashboard cards about incidents and flagged collections."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from retention.holdings.models import FlaggedCollection, Incident

__all__ = ["flagged_board", "incidents_board"]


@boards.connect
def flagged_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card that counts the flagged collections to be decided; one query."""
    del at
    if not actor.may(Capability.DECIDE_COLLECTIONS):
        return []
    count = count_up_to(FlaggedCollection.objects.open().order_by())
    url = reverse("admin:retention_flaggedcollection_changelist", current_app=site.name)
    note = _("collected although the decision denied it")
    card = Card(_("Flagged collections"), format_count(count), note, f"{url}?progress=open", needs_attention=True)
    return [card] if count else []


@boards.connect
def incidents_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count open and overdue incidents; one query."""
    if not actor.may(Capability.VIEW_INCIDENTS):
        return []
    rows = Incident.objects
    cards = [
        (_("Incidents with children’s data"), "open", rows.open(), _("collected without authority, being erased")),
        (_("Incidents overdue"), "overdue", rows.overdue(at), _("erasure overdue")),
    ]
    url = reverse("admin:retention_incident_changelist", current_app=site.name)
    counts = count_each_up_to(*(found for _title, _which, found, _note in cards))
    return [
        Card(title, format_count(count), note, f"{url}?progress={which}", needs_attention=True)
        for (title, which, _found, note), count in zip(cards, counts, strict=True)
        if count
    ]
