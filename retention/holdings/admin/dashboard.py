"""Lines of the first page about incidents and flagged collections."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.site import boards, site
from retention.holdings.models.flagged import FlaggedCollection
from retention.holdings.models.incidents import Incident


@boards.connect
def holdings_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the flagged collections to be decided, and open and overdue incidents."""
    shown: list[Task] = []
    if actor.may(Capability.DECIDE_COLLECTIONS):
        url = reverse("admin:retention_flaggedcollection_changelist", current_app=site.name) + "?progress=open"
        rows, note = FlaggedCollection.objects.open(), _("collected although the decision denied it")
        shown.append(Task(_("Flagged collections"), rows, note, url, since="flagged_at"))
    if actor.may(Capability.VIEW_INCIDENTS):
        shown += _list_incidents(at)
    return list(shown)


def _list_incidents(at: datetime) -> list[Task]:
    rows = Incident.objects
    url = reverse("admin:retention_incident_changelist", current_app=site.name)
    title, note = _("Incidents with children’s data"), _("collected without authority, being erased")
    late, late_note = _("Incidents overdue"), _("erasure overdue")
    return [
        Task(title, rows.open(), note, f"{url}?progress=open", Severity.URGENT, due="due_at"),
        Task(
            late,
            select_by_clock(at, rows.overdue),
            late_note,
            f"{url}?progress=overdue",
            Severity.OVERDUE,
            due="due_at",
        ),
    ]
