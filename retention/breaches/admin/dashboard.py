"""Lines of the first page about breaches: the hours left to notify the authority, and closings to approve."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Card, Line, Severity, Task
from paktaleem.foundation.console.clocks import get_time_of, select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.site import boards, site
from retention.breaches.clock import whole_hours_left
from retention.breaches.models import Breach, BreachClosing


@boards.connect
def breach_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the breaches whose authority is to be notified, and the closings to approve; at most two queries."""
    if not actor.may(Capability.VIEW_BREACHES):
        return []
    closings = [_list_closings()] if actor.may(Capability.MANAGE_BREACHES) else []
    return [*_list_running(at), *closings]


def _list_closings() -> Task:
    url = reverse("admin:breaches_breachclosing_changelist", current_app=site.name) + "?state__exact=waiting"
    rows = BreachClosing.objects.filter(state=ChangeState.WAITING)
    return Task(_("Breaches to close"), rows, _("a second person must approve or decline"), url, since="requested_at")


def _list_running(at: datetime) -> list[Line]:
    """Return one line with the number of breaches; its note has the hours left of the most urgent one."""
    running = select_by_clock(at, Breach.objects.running).order_by("due_at", "id")
    found = list(running.values_list("client_id", "known_at", "due_at")[: LIMIT + 1])
    if not found:
        return []
    left, due = min((whole_hours_left(known, get_time_of(client)), due) for client, known, due in found)
    hours = ngettext("{hours} hour", "{hours} hours", abs(left)).format(hours=f"{abs(left):,}")
    words = _("{hours} left to notify the authority") if left >= 0 else _("{hours} late: notify it with the reasons")
    url = reverse("admin:breaches_breach_changelist", current_app=site.name) + f"?{PROGRESS}=running"
    severity = Severity.URGENT if left >= 0 else Severity.OVERDUE
    title, note = _("Personal-data breaches"), words.format(hours=hours)
    return [Card(title, format_count(len(found)), note, url, severity, due_at=due)]
