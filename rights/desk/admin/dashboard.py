"""Dashboard cards of the desk: the user's own requests and tasks."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from rights.desk.models import RequestTask
from rights.requests.models import RightsRequest

__all__ = ["desk_board"]


@boards.connect
def desk_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count the open requests and tasks of the user; one query."""
    del at
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    requests = RightsRequest.objects.open().filter(assignee_id=actor.id)
    tasks = RequestTask.objects.open().of(actor.id)
    cards = [
        (_("Rights requests assigned to me"), "rights_rightsrequest", _("open, due soonest first")),
        (_("My tasks"), "desk_requesttask", _("about rights requests, due soonest first")),
    ]
    counts = count_each_up_to(requests, tasks)
    return [
        Card(title, format_count(count), note, _list_url(model), needs_attention=True)
        for (title, model, note), count in zip(cards, counts, strict=True)
        if count
    ]


def _list_url(model: str) -> str:
    url = reverse(f"admin:{model}_changelist", current_app=site.name)
    return f"{url}?progress=open&assigned=me"
