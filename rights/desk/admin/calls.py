"""The act that records a call back to the number on file."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.admin.acts import REQUEST
from rights.desk.services.calls import CallOutcome, record_call
from rights.requests.models.requests import TO_CALL, RightsRequest

__all__: list[str] = []

_OUTCOMES = [
    (CallOutcome.REACHED.value, _("The person answered and made this request: it counts as theirs")),
    (CallOutcome.NOT_REACHED.value, _("No one answered")),
    (CallOutcome.NOT_THEM.value, _("The person answered and did not make it: the request ends")),
]


class CallForm(ActionForm):
    """The outcome of a call."""

    outcome = forms.ChoiceField(label=_("What did the call show?"), choices=_OUTCOMES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Look whether a number is on file, and since when; the number itself is shown by *Reveal personal data*."""
        super().__init__(*args, **kwargs)
        self.person = self.row.sender
        self.has_number = self.person.phone is not None
        with in_client(self.row.client_id):
            self.is_settled = self.has_number and is_contact_settled(self.person, get_action_time(self.request))
        self.may_reveal = may(self.request, Capability.REVEAL_PERSONAL_DATA)


def _may_call(row: RightsRequest, _at: datetime) -> bool:
    """Return True if a call can change something: nothing is verified, or only access to one contact, by a code."""
    is_waiting = row.is_open and row.answered_at is None and row.identity_method in TO_CALL
    return is_waiting and row.sender is not None and row.sender.erased_at is None


def _call(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    record_call(row, outcome=given["outcome"], actor=actor_of(request), at=get_action_time(request))


added_acts.connect(
    AddedAct(
        REQUEST,
        RowAction(
            "call-back",
            "Call back",
            Capability.CALL_BACK_RIGHTS_REQUESTS,
            _call,
            form=CallForm,
            lead="End the call that came in. Call the number that was on file before, never one that the caller names, "
            "and ask whether they made this request. Say nothing about the data.",
            done="The call is recorded.",
            applies=_may_call,
            template="console/rights_call.html",
        ),
        after="match",
    )
)
