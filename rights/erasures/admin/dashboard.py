"""Dashboard cards about erasures."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.site import boards, site
from rights.erasures.models import ErasureProposal, Stage


@boards.connect
def erasures_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards that count the erasures that need someone, and those in their cooling-off."""
    del at
    if not actor.may(Capability.APPROVE_ERASURES):
        return []
    url = reverse("admin:erasures_erasureproposal_changelist", current_app=site.name)
    return [_to_task(*one, url=url) for one in _list_stages()]


def _list_stages() -> list[tuple[Stage, str, str, Severity]]:
    return [
        (Stage.PROPOSED, _("Erasures proposed"), _("a second person must approve or decline"), Severity.TO_DO),
        (Stage.VERIFYING, _("Erasures not verified"), _("something of the person is left"), Severity.URGENT),
        (Stage.COOLING_OFF, _("Erasures in cooling-off"), _("can still be cancelled"), Severity.NONE),
    ]


def _to_task(stage: Stage, title: str, note: str, severity: Severity, *, url: str) -> Task:
    rows = ErasureProposal.objects.filter(stage=stage)
    if stage == Stage.COOLING_OFF:
        return Task(title, rows, note, f"{url}?stage__exact={stage}", severity, due="cooling_ends_at")
    return Task(title, rows, note, f"{url}?stage__exact={stage}", severity, since="requested_at")
