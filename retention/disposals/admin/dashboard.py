"""Dashboard card: disposals that need a decision of a person."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from retention.disposals.models import Batch

__all__ = ["disposals_board"]


@boards.connect
def disposals_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card that counts the disposals to be reviewed or approved; one query."""
    if not actor.may(Capability.REVIEW_DISPOSALS):
        return []
    count = count_up_to(Batch.objects.to_review_at(at).order_by())
    url = reverse("admin:disposals_batch_changelist", current_app=site.name)
    note = _("need a review or a second person")
    card = Card(_("Disposals"), format_count(count), note, f"{url}?{PROGRESS}=to_review_at", needs_attention=True)
    return [card] if count else []
