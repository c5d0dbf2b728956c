"""The sandbox acts on a client's page in the console."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from consent.consents.services.recording import PurposeUnknown
from paktaleem.directory.data_systems.models import OrderKind, System
from paktaleem.directory.data_systems.selectors import NoSystem, list_active_systems
from paktaleem.directory.people.selectors import SubjectErased, SubjectUnknown
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.office.sandbox.services.context import move_clock
from paktaleem.office.sandbox.services.forcing import force_state, make_order
from paktaleem.office.sandbox.services.registering import reset_sandbox
from paktaleem.office.sandbox.states import STATES

__all__: list[str] = []


class MoveClockForm(ActionForm):
    """The time to which the clock is moved."""

    to = forms.SplitDateTimeField(
        label="Move to",
        widget=MomentInput(),
        help_text="A time after the sandbox’s current time. The clock continues from there.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        real = get_action_time(self.request)
        ahead = self.row.clock_offset if actor_of(self.request).client_id is None else None
        self.fields["to"].initial = (real + ahead if ahead else real).replace(microsecond=0)


def _describe_state(state: str, reason: str) -> str:
    return f"{state.replace('_', ' ')} → {translate_text(reason.replace('_', ' '))}"


class ForceStateForm(ActionForm):
    """Person, state and, if the state is about one, purpose."""

    subject = forms.CharField(
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "state", [(code, _describe_state(code, one.reason)) for code, one in STATES.items()])


class MakeOrderForm(ActionForm):
    """Person, kind and system of the order."""

    subject = forms.CharField(label="Person", max_length=255, help_text="Their LMS id.")
    kind = forms.ChoiceField(
        label="Order",
        choices=[choice for choice in OrderKind.choices if choice[0] != OrderKind.CORRECT],
        help_text="Corrections carry new values; your system makes them by the API.",
    )
    system = forms.ModelChoiceField(System.objects.none(), label="System", help_text="A system of this sandbox.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "system", list_active_systems(self.row.pk, at=get_action_time(self.request)))


def _move_clock(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    move_clock(client, to=given["to"], actor=actor_of(request), at=get_action_time(request))


def _force_state(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    common: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    subject, purpose = given["subject"], given["purpose"] or None
    forced = force_state(client, state=given["state"], external_id=subject, purpose=purpose, **common)
    answer = gettext("The next decision about %(subject)s and %(purpose)s will have the reason %(reason)s.")
    values = {"subject": subject, "purpose": forced.purpose, "reason": forced.answer.reason.value}
    messages.info(request, answer % values)


def _make_order(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    common: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    make_order(client, external_id=given["subject"], kind=given["kind"], system=given["system"], **common)


def _start_over(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    reset_sandbox(client, actor=actor_of(request), at=get_action_time(request))


for _act in (
    RowAction(
        "move-clock",
        "Move the clock",
        Capability.USE_SANDBOX,
        _move_clock,
        form=MoveClockForm,
        lead="The clock of this sandbox jumps to the time you choose: people reach the age of consent, consents "
        "expire, orders get stuck. It can only move forward; starting over resets it.",
        done="The clock has been moved.",
    ),
    RowAction(
        "force-state",
        "Force a state",
        Capability.USE_SANDBOX,
        _force_state,
        form=ForceStateForm,
        lead="A person is brought into a state, whatever their state before, by the services that cause it in normal "
        "use. Changes to the agreement, notice or clock that the state requires apply to the whole sandbox.",
        done="The person is in the state.",
        refusals={
            PurposeUnknown: "There is no such purpose.",
            AlreadyErased: "This person was erased, and stays erased until the sandbox starts over.",
        },
    ),
    RowAction(
        "make-order",
        "Make an order",
        Capability.USE_SANDBOX,
        _make_order,
        form=MakeOrderForm,
        lead="A system of this sandbox gets an order about a person, due in 30 days, and can try to carry it out.",
        done="The order has been made.",
        refusals={
            SubjectErased: "This person was erased, and stays erased until the sandbox starts over.",
            SubjectUnknown: "There is no such person.",
            NoSystem: "This system has ended.",
        },
    ),
    RowAction(
        "start-over",
        "Start over",
        Capability.USE_SANDBOX,
        _start_over,
        form=ActionForm,
        lead="All people of this sandbox and their records are deleted, and its clock is reset to real time. "
        "The register, keys, systems and webhooks are kept.",
        done="The sandbox is empty, and its clock shows real time.",
        danger=True,
    ),
):
    added_acts.connect(AddedAct("accounts.client", _act))
