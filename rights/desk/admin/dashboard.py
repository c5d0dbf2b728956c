"""Dashboard cards of the desk: the user's own requests and tasks, and whom support agents call back."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.home_pages import HomeLink, home_links
from paktaleem.foundation.console.site import boards, site
from rights.desk.models.request_tasks import RequestTask
from rights.requests.admin.queue import select_calls
from rights.requests.models.requests import RightsRequest


@boards.connect
def desk_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards that count the open requests and tasks of the user, and the tasks assigned to no one."""
    del at
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    requests = RightsRequest.objects.open().filter(assignee_id=actor.id)
    tasks, about = RequestTask.objects.open(), _("about rights requests, due soonest first")
    mine, own = _list_url("rights_rightsrequest", "me"), _list_url("desk_requesttask", "me")
    unassigned = _list_url("desk_requesttask", "none")
    return [
        Task(_("Rights requests assigned to me"), requests, _("open, due soonest first"), mine, due="answer_by"),
        Task(_("My tasks"), tasks.of(actor.id), about, own, due="due_on"),
        Task(_("Tasks assigned to no one"), tasks.of(None), about, unassigned, due="due_on"),
    ]


@boards.connect
def call_back_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card that counts the people to call back, for support agents; others have a task for each call."""
    del at
    if not actor.may(Capability.CALL_BACK_RIGHTS_REQUESTS) or actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:rights_rightsrequest_changelist", current_app=site.name) + f"?{PROGRESS}=to_call_back"
    title, note = _("People to call back"), _("to verify that they made the request")
    return [Task(title, select_calls(RightsRequest.objects.all()), note, url, Severity.URGENT, due="answer_by")]


def _list_url(model: str, assigned: str) -> str:
    url = reverse(f"admin:{model}_changelist", current_app=site.name)
    return f"{url}?progress=open&assigned={assigned}"


home_links.connect(
    HomeLink(gettext_lazy("Take in a request"), "admin:desk_requesttask_take_in", Capability.RECEIVE_RIGHTS_REQUESTS)
)
