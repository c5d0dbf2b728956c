"""A sandbox in the console: what one may do with it stands on the page of its client."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest
from django.utils.translation import gettext

from consent.consents.services import PurposeUnknown
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.row_acts import AddedAct, added_acts
from paktaleem.sandbox.services import (
    NotASandbox,
    StateNotReached,
    force_state,
    move_clock,
    start_over,
)
from paktaleem.sandbox.states import STATES

__all__: list[str] = []

_REFUSALS: dict[type[Exception], str] = {NotASandbox: "This client is no sandbox."}


class MoveClockForm(ActForm):
    """To which moment."""

    reason = None  # type: ignore[assignment]  # a game needs none
    to = forms.SplitDateTimeField(
        label="Move to (UTC)", widget=AdminSplitDateTime(), help_text="After the sandbox’s now. It goes on from there."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the sandbox's now."""
        super().__init__(*args, **kwargs)
        real = received_at(self.request)
        ahead = self.row.clock_offset if actor_of(self.request).client_id is None else None
        self.fields["to"].initial = (real + ahead if ahead else real).replace(microsecond=0)


class ForceStateForm(ActForm):
    """Who is to be in which state, and about which purpose, where the state is about one."""

    reason = None  # type: ignore[assignment]  # a game needs none
    subject = forms.CharField(label="Person", max_length=255, help_text="Their LMS id; who is not registered is.")
    state = forms.ChoiceField(
        label="State",
        choices=[(state, f"{state} → {promise.reason}") for state, promise in STATES.items()],
        help_text="After each stands the reason with which the next question is answered.",
    )
    purpose = forms.CharField(
        label="Purpose", max_length=63, required=False, help_text="Its code; empty: the first that fits the state."
    )


class StartOverForm(ActForm):
    """Nothing but a yes."""

    reason = None  # type: ignore[assignment]  # a game needs none


def _move(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    move_clock(client, to=given["to"], actor=actor_of(request), at=received_at(request))


def _force(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    told: dict[str, Any] = {"actor": actor_of(request), "at": received_at(request)}
    subject, purpose = given["subject"], given["purpose"] or None
    forced = force_state(client, state=given["state"], external_id=subject, purpose=purpose, **told)
    answer = gettext("The next question about %(subject)s and %(purpose)s is answered with %(reason)s.")
    values = {"subject": subject, "purpose": forced.purpose, "reason": forced.answer.reason.value}
    messages.info(request, answer % values)


def _start_over(client: Client, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    start_over(client, actor=actor_of(request), at=received_at(request))


for _act in (
    Act(
        "move-clock",
        "Move the clock",
        Capability.USE_SANDBOX,
        _move,
        form=MoveClockForm,
        lead="Time goes on at once to the moment you choose, in this sandbox alone: people come of age, consents "
        "expire, orders get stuck. It runs forwards only; starting over brings it back.",
        done="The clock has moved.",
        refusals=_REFUSALS,
    ),
    Act(
        "force-state",
        "Force a state",
        Capability.USE_SANDBOX,
        _force,
        form=ForceStateForm,
        lead="Somebody is brought into a state, whatever they were before, by the acts that lead there elsewhere. What "
        "the state needs is made so for everybody in this sandbox: its agreement, its notice, its clock.",
        done="The state holds.",
        refusals={
            **_REFUSALS,
            StateNotReached: "This sandbox’s register does not lead there. Nothing was changed.",
            PurposeUnknown: "There is no such purpose.",
            AlreadyErased: "They were erased, and stay so until the sandbox starts over.",
        },
    ),
    Act(
        "start-over",
        "Start over",
        Capability.USE_SANDBOX,
        _start_over,
        form=StartOverForm,
        lead="Everybody in this sandbox and all that was recorded about them is deleted, and its clock is right again. "
        "The register, keys, systems and webhooks stay.",
        done="The sandbox is empty, and its clock is right.",
        danger=True,
        refusals=_REFUSALS,
    ),
):
    added_acts.connect(AddedAct("accounts.client", _act))
