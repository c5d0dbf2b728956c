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
    """Return cards that count the open requests and tasks of the user, and the tasks assigned to no one; one query."""
    del at
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    requests = RightsRequest.objects.open().filter(assignee_id=actor.id)
    tasks = RequestTask.objects.open()
    about = _("about rights requests, due soonest first")
    cards = [
        (_("Rights requests assigned to me"), _list_url("rights_rightsrequest", "me"), _("open, due soonest first")),
        (_("My tasks"), _list_url("desk_requesttask", "me"), about),
        (_("Tasks assigned to no one"), _list_url("desk_requesttask", "none"), about),
    ]
    counts = count_each_up_to(requests, tasks.of(actor.id), tasks.of(None))
    return [
        Card(title, format_count(count), note, url, needs_attention=True)
        for (title, url, note), count in zip(cards, counts, strict=True)
        if count
    ]


def _list_url(model: str, assigned: str) -> str:
    url = reverse(f"admin:{model}_changelist", current_app=site.name)
    return f"{url}?progress=open&assigned={assigned}"
