"""Dashboard card about breaches: the hours left to notify the authority."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import Card, boards, site
from retention.breaches.clock import whole_hours_left
from retention.breaches.models import Breach

__all__ = ["breach_board"]


@boards.connect
def breach_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card with the hours left of the most urgent breach; one query."""
    if not actor.may(Capability.VIEW_BREACHES):
        return []
    known = Breach.objects.running(at).order_by("due_at", "id").values_list("known_at", flat=True).first()
    if known is None:
        return []
    left = whole_hours_left(known, at)
    number = ngettext("{hours} hour", "{hours} hours", abs(left)).format(hours=f"{abs(left):,}")
    note = _("left to notify the authority") if left >= 0 else _("too late: notify the authority with the reasons")
    url = reverse("admin:breaches_breach_changelist", current_app=site.name)
    return [Card(_("Personal-data breach"), number, note, f"{url}?{PROGRESS}=running", needs_attention=True)]
