"""Acts on a rights request: take it, and hand it over to a client."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.desk.services.handover import hand_over_request
from rights.requests.models.requests import RightsRequest
from rights.requests.services.handling import assign_request

REQUEST = "rights.rightsrequest"


class HandOverForm(ActionForm):
    """The client to which a request belongs."""

    to = forms.ModelChoiceField(Client.objects.none(), label=_("Client"), empty_label=_("Choose a client…"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the other clients, without sandboxes, which have clocks of their own."""
        super().__init__(*args, **kwargs)
        others = Client.objects.exclude(pk__in=[self.row.client_id, PAKTALEEM]).filter(is_sandbox=False)
        set_choices(self, "to", others.order_by("name"))


def _take(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    user = User.objects.get(pk=actor_of(request).id)
    assign_request(row, assignee=user, actor=actor_of(request), at=get_action_time(request))


def _hand_over(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    made = hand_over_request(row, client=given["to"], actor=actor_of(request), at=get_action_time(request))
    url = reverse("admin:rights_rightsrequest_change", args=[made.pk], current_app=site.name)
    return HttpResponseRedirect(url)


_ACTS = (
    AddedAct(
        REQUEST,
        RowAction(
            "take",
            "Assign to me",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _take,
            form=ActionForm,
            lead="You become responsible for this request. The person is not informed.",
            done="Assigned to you.",
            applies=lambda row, _at: row.is_open,
        ),
        after="note",
    ),
    AddedAct(
        REQUEST,
        RowAction(
            "hand-over",
            "Hand to a client",
            Capability.TRIAGE_RIGHTS_REQUESTS,
            _hand_over,
            form=HandOverForm,
            lead="The request goes on at the client to which it belongs, with its number and its clock. What the "
            "person wrote is moved there and removed here; your notes stay here. You cannot take it back.",
            danger=True,
            applies=lambda row, _at: row.is_open and row.subject_id is None and row.answered_at is None,
            refusals={CannotOpen: "The texts of this request have been deleted."},
            across_clients=True,
        ),
        after="match",
    ),
)
for _act in _ACTS:
    added_acts.connect(_act)
