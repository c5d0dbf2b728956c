"""Row actions to approve or decline a change that needs a second person."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, is_other_person
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction

_TONES = {"waiting": "warn", "approved": "good", "declined": "bad", "replaced": "calm"}


def render_change_state(row: RequestedChange) -> SafeString:
    return render_state(row.get_state_display(), _TONES[row.state])


change_state_column = state_column(render_change_state)
"""List column with the state of a change."""


def approval_actions(
    service: Callable[..., Any],
    *,
    approve: str,
    decline: str,
    lead: str,
    clock: Callable[[HttpRequest], datetime] = get_action_time,
    capability: Capability = Capability.APPROVE_CHANGES,
    refusals: Mapping[type[Exception], str] | None = None,
    danger: bool = False,
    form: type[ActionForm] = RowActionForm,
    template: str = "console/act.html",
    offered_to: Callable[[Any, Actor, datetime], bool] = is_other_person,
) -> tuple[RowAction, RowAction]:
    """Return the row actions to approve and decline a change through ``service``.

    ``approve`` and ``decline`` are the button labels, ``lead`` is the text before approving, ``clock`` returns the time
    of the decision, ``refusals`` are words of these acts for exceptions, ``danger`` marks an approval that takes
    protection away or gives power, ``form`` and ``template`` are the approval's, ``offered_to`` says who sees it.
    """

    def perform(row: Any, given: FormData, request: HttpRequest, *, approved: bool) -> None:
        service(row, approve=approved, reason=given["reason"], actor=actor_of(request), at=clock(request))

    options: dict[str, Any] = {"applies": _is_waiting, "refusals": refusals or {}}
    return (
        RowAction(
            "approve",
            approve,
            capability,
            partial(perform, approved=True),
            lead=lead,
            done="Approved.",
            danger=danger,
            form=form,
            template=template,
            offered_to=offered_to,
            step_up=True,
            **options,
        ),
        RowAction(
            "decline",
            decline,
            capability,
            partial(perform, approved=False),
            lead="Nothing changes: the request ends. It is recorded who declined it, and why.",
            done="Declined. Nothing has changed.",
            **options,
        ),
    )


def _is_waiting(row: Any, _at: datetime) -> bool:
    return bool(row.state == ChangeState.WAITING)
