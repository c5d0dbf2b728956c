"""Dashboard cards about incidents and flagged collections."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from retention.holdings.models import FlaggedCollection, Incident

__all__ = ["holdings_board"]


@boards.connect
def holdings_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count the flagged collections to be decided, and open and overdue incidents; one query."""
    shown: list[tuple[str, str, QuerySet[Any], str]] = []
    if actor.may(Capability.DECIDE_COLLECTIONS):
        url = reverse("admin:retention_flaggedcollection_changelist", current_app=site.name) + "?progress=open"
        note = _("collected although the decision denied it")
        shown.append((_("Flagged collections"), url, FlaggedCollection.objects.open(), note))
    if actor.may(Capability.VIEW_INCIDENTS):
        shown += _list_incidents(at)
    counts = count_each_up_to(*(found for _title, _url, found, _note in shown)) if shown else []
    return [
        Card(title, format_count(count), note, url, needs_attention=True)
        for (title, url, _found, note), count in zip(shown, counts, strict=True)
        if count
    ]


def _list_incidents(at: datetime) -> list[tuple[str, str, QuerySet[Any], str]]:
    rows = Incident.objects
    url = reverse("admin:retention_incident_changelist", current_app=site.name)
    note = _("collected without authority, being erased")
    return [
        (_("Incidents with children’s data"), f"{url}?progress=open", rows.open(), note),
        (_("Incidents overdue"), f"{url}?progress=overdue", rows.overdue(at), _("erasure overdue")),
    ]
