"""Dashboard cards about incidents."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from retention.holdings.models import Incident

__all__ = ["incidents_board"]


@boards.connect
def incidents_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count open and overdue incidents."""
    if not actor.may(Capability.VIEW_INCIDENTS):
        return []
    rows = Incident.objects
    cards = [
        (_("Incidents with children’s data"), "open", rows.open(), _("collected without authority, being erased")),
        (_("Incidents overdue"), "overdue", rows.overdue(at), _("erasure overdue")),
    ]
    url = reverse("admin:retention_incident_changelist", current_app=site.name)
    return [
        Card(title, format_count(count), note, f"{url}?progress={which}", needs_attention=True)
        for title, which, found, note in cards
        if (count := count_up_to(found.order_by()))
    ]
