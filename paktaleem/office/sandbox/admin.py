"""The sandbox acts on a client's page in the console."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext

from consent.consents.services.recording import PurposeUnknown
from paktaleem.directory.data_systems.models import OrderKind, System
from paktaleem.directory.data_systems.selectors import NoSystem
from paktaleem.directory.people.selectors import SubjectErased, SubjectUnknown
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import AddedAct, act_page, added_acts
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.office.sandbox.services.forcing import STATES, force_state, make_order
from paktaleem.office.sandbox.services.registering import move_clock, reset_sandbox


class MoveClockForm(ActionForm):
    to = forms.SplitDateTimeField(
        label="Move to",
        widget=MomentInput(),
        help_text="A time after the sandbox’s current time. The clock continues from there.",
    )

    def prepare(self) -> None:
        real = get_action_time(self.request)
        ahead = self.row.clock_offset if actor_of(self.request).client_id is None else None
        self.fields["to"].initial = (real + ahead if ahead else real).replace(microsecond=0)


class ForceStateForm(ActionForm):
    external_id = forms.CharField(
        label="Person", max_length=255, help_text="Their LMS id; a person who is not registered yet is registered."
    )
    state = forms.ChoiceField(
        label="State",
        choices=[(state, state) for state in STATES],
        help_text="After each state: the reason of the next decision.",
    )
    purpose = forms.CharField(
        label="Purpose",
        max_length=63,
        required=False,
        help_text="Code of the purpose; empty: the first that fits the state.",
    )

    def prepare(self) -> None:
        named = {code: (code.replace("_", " "), one.reason.replace("_", " ")) for code, one in STATES.items()}
        offered = ((code, f"{name} → {translate_text(reason)}") for code, (name, reason) in named.items())
        set_choices(self, "state", offered)


class MakeOrderForm(ActionForm):
    external_id = forms.CharField(label="Person", max_length=255, help_text="Their LMS id.")
    kind = forms.ChoiceField(
        label="Order",
        choices=[choice for choice in OrderKind.choices if choice[0] != OrderKind.CORRECT],
        help_text="Corrections carry new values; your system makes them by the API.",
    )
    system = forms.ModelChoiceField(System.objects.none(), label="System", help_text="A system of this sandbox.")

    def prepare(self) -> None:
        systems = System.objects.active(get_action_time(self.request)).filter(client_id=self.row.pk)
        set_choices(self, "system", systems.order_by("code"))


def _force_state(client: Client, given: FormData, request: HttpRequest) -> str:
    forced = force_state(client, **given, actor=actor_of(request), at=get_action_time(request))
    answer = gettext("The next decision about %(subject)s and %(purpose)s will have the reason %(reason)s.")
    reason = forced.answer.reason.value
    return answer % {"subject": given["external_id"], "purpose": forced.purpose, "reason": reason}


_ERASED = "This person was erased, and stays erased until the sandbox starts over."
for _act in (
    act_page(move_clock, form=MoveClockForm),
    act_page(
        force_state,
        form=ForceStateForm,
        respond=_force_state,
        refusals={PurposeUnknown: "There is no such purpose.", AlreadyErased: _ERASED},
    ),
    act_page(
        make_order,
        form=MakeOrderForm,
        refusals={
            SubjectErased: _ERASED,
            SubjectUnknown: "There is no such person.",
            NoSystem: "This system has ended.",
        },
    ),
    act_page(reset_sandbox),
):
    added_acts.connect(AddedAct("accounts.client", _act))
