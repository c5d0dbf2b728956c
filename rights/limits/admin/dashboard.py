"""Lines of the first page: proposals to overrule an objection, for a second officer."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Card, Line, Severity, make_cards
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.site import boards, site
from rights.limits.models import Overruling


@boards.connect
def overruling_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card for each objection that two officers may overrule, oldest first; one query."""
    del at
    if not actor.may(Capability.OVERRULE_OBJECTIONS):
        return []
    waiting = Overruling.objects.filter(state=ChangeState.WAITING).select_related("objection")
    url = reverse("admin:consent_objection_changelist", current_app=site.name)
    return [*make_cards(waiting.order_by("requested_at", "id"), _to_card, url=url)]


def _to_card(row: Overruling) -> Card:
    url = reverse("admin:consent_objection_change", args=[row.objection_id], current_app=site.name)
    title, note = _("Objection to overrule"), _("a second officer must approve or decline")
    name = format_purpose(row.objection.purpose_code, row.client_id)
    return Card(title, name, note, url, Severity.TO_DO, waits_since=row.requested_at)
