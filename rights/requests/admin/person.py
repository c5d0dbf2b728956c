"""The act on a person's page by which staff record a request made by telephone, in person or in writing."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from rights.requests.admin.forms import IntakeForm
from rights.requests.models import Channel
from rights.requests.services import receive_request

__all__: list[str] = []


def _record(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    made = receive_request(
        row.client,
        kinds=given["kinds"],
        channel=Channel.TELEPHONE if actor.client_id is None else Channel.CLIENT,
        subject=row,
        details=given["details"],
        language=row.language,
        received_at=given["received_on"],
        actor=actor,
        at=get_action_time(request),
    )
    url = reverse("admin:rights_rightsrequest_change", args=[made.pk], current_app=site.name)
    return HttpResponseRedirect(url)


person_acts.connect(
    RowAction(
        "rights-request",
        "Record a rights request",
        Capability.RECEIVE_RIGHTS_REQUESTS,
        _record,
        form=IntakeForm,
        lead="A request that the person makes by telephone, in person or in writing. It proves nothing about who they "
        "are: call back a number that was on file before, then verify the identity on the request’s page.",
        applies=lambda row, _: row.erased_at is None,
    )
)
