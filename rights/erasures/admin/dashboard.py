"""Dashboard cards about erasures."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from rights.erasures.models import ErasureProposal, Stage

__all__ = ["erasures_board"]


@boards.connect
def erasures_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count the erasures that need someone, and those in their cooling-off; one query."""
    del at
    if not actor.may(Capability.APPROVE_ERASURES):
        return []
    cards = [
        (Stage.PROPOSED, _("Erasures proposed"), _("a second person must approve or decline"), True),
        (Stage.VERIFYING, _("Erasures not verified"), _("something of the person is left"), True),
        (Stage.COOLING_OFF, _("Erasures in cooling-off"), _("can still be cancelled"), False),
    ]
    url = reverse("admin:erasures_erasureproposal_changelist", current_app=site.name)
    counts = count_each_up_to(*(ErasureProposal.objects.filter(stage=stage) for stage, *_rest in cards))
    return [
        Card(title, format_count(count), note, f"{url}?stage__exact={stage}", needs_attention=urgent)
        for (stage, title, note, urgent), count in zip(cards, counts, strict=True)
        if count
    ]
