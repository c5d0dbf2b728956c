"""Dashboard card: disposals that need a decision of a person."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site
from retention.disposals.models.batches import Batch


@boards.connect
def disposals_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card that counts the disposals to be reviewed or approved."""
    if not actor.may(Capability.REVIEW_DISPOSALS):
        return []
    url = reverse("admin:disposals_batch_changelist", current_app=site.name) + f"?{PROGRESS}=to_review_at"
    rows, note = select_by_clock(at, Batch.objects.to_review_at), _("need a review or a second person")
    return [Task(_("Disposals"), rows, note, url, since="opened_at")]
