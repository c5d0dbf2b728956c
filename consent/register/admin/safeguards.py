"""Weaker safeguards in the console: the effect first, a ground in words, then the approval of a second person."""

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import datetime
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from consent.register.effects import WeakensSafeguard, count_concerned, count_recipient_effect, find_weakening
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import PeriodRow, Purpose, RegisterRow, SafeguardKind
from consent.register.services import cancel_period, change_register, end_period, request_safeguard_change
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sessions import require_recent_authentication
from paktaleem.foundation.console.approvals import (
    EffectFigures,
    describe_effect,
    effect_figures,
    to_waiting,
)
from paktaleem.foundation.console.columns import period_pill, state_column
from paktaleem.foundation.console.forms import FormData, GroundField, RowActionForm, ScopedForm
from paktaleem.foundation.console.model_admin import Fieldsets, Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, Weakens
from paktaleem.foundation.tenancy.context import in_client

_COUNTED = frozenset({SafeguardKind.BASIS, SafeguardKind.CAPACITY, SafeguardKind.ACCOUNT, SafeguardKind.WORDS})


def count_people(kind: str, row: Any, at: datetime, roles: Iterable[str]) -> dict[str, object]:
    del at
    purpose = row.pk if isinstance(row, Purpose) else row.purpose_id
    own = [role] if (role := getattr(row, "role", "")) else []
    return {"effect": count_concerned(kind, client_id=row.client_id, purposes=[purpose], roles=[*roles] or own)}


def _count_of_recipient(_kind: str, row: Any, at: datetime, _roles: Iterable[str]) -> dict[str, object]:
    if not isinstance(row, RecipientApproval):
        return {}
    return {"effect": count_recipient_effect(row, at=at), "approval": row}


effect_figures.connect(EffectFigures(_COUNTED, "console/panels/people_effect.html", count_people))
effect_figures.connect(
    EffectFigures(frozenset({SafeguardKind.RECIPIENT}), "console/panels/recipient_effect.html", _count_of_recipient)
)


class RegisterAdmin[Row: RegisterRow](ScopedAdmin[Row]):
    """A kind of register row; a client's own rows are editable, shared rows read-only."""

    view_capability = Capability.VIEW_REGISTER
    add_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER
    change_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER

    def write(self, row: Row, saving: Saving) -> None:
        change_register(row, **saving.by)


class PeriodAdmin[Row: PeriodRow](RegisterAdmin[Row]):
    """Rows with a period: they start now or later, are ended instead of deleted, and are fixed once started."""

    fixed_once_started: ClassVar[Sequence[str]] = ()
    state = state_column(period_pill)

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        started = obj is not None and obj.starts_at <= get_action_time(request)
        return (*fields, *self.fixed_once_started) if started else fields


class SafeguardForm(ScopedForm):
    """A form with a ground, which is asked for only if the change weakens a safeguard."""

    ground = GroundField(required=False)


class SafeguardedAdmin[Row: RegisterRow](RegisterAdmin[Row]):
    """Rows whose change may weaken a safeguard: then the effect is shown, and a second person must approve."""

    form = SafeguardForm

    def get_fieldsets(self, request: HttpRequest, obj: Row | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if getattr(request, "weaker", None) is not None or "ground" in request.POST:
            sets = [*sets, (gettext("Weaker safeguard"), {"fields": ["ground"], "classes": ["why"]})]
        return sets

    def write(self, row: Any, saving: Saving, *, roles: Iterable[str] = ()) -> None:
        """Change the row; if that weakens a safeguard, request the change with its ground.

        ``roles`` may name all roles of the people it concerns, if the row is one of several.
        """
        try:
            self.save_row(row, saving)
        except WeakensSafeguard as weaker:
            request = saving.request
            require_recent_authentication(request, Capability.DECIDE_FOR_CLIENT, at=get_arrival_time(request))
            request.weaker = (weaker.kind, row, roles)
            ground = request.POST.get("ground", "").strip()
            if not ground:
                if "ground" in request.POST:  # the effect has been shown
                    raise ValidationError({"ground": gettext("This field is required.")}) from weaker
                raise
            request.waiting = self.request_change(
                row, kind=weaker.kind, ground=ground, actor=saving.actor, at=saving.at
            )

    def save_row(self, row: Row, saving: Saving) -> None:
        super().write(row, saving)

    def request_change(self, row: Row, *, kind: str | None, ground: str, actor: Actor, at: datetime) -> ProposedChange:
        return request_safeguard_change(row, kind=kind, ground=ground, actor=actor, at=at)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **kwargs)
        weaker = getattr(request, "weaker", None)
        if weaker is not None and isinstance(response, TemplateResponse) and response.context_data is not None:
            kind, row, roles = weaker
            shown = {**describe_effect(kind, row, get_action_time(request), roles=roles), "is_effect": True}
            response.context_data["panels"] = [shown, *response.context_data["panels"]]
        return response

    def response_add(self, request: HttpRequest, obj: Row, post_url_continue: str | None = None) -> HttpResponse:
        waiting = getattr(request, "waiting", None)
        return to_waiting(request, waiting) if waiting else super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Row) -> HttpResponse:
        waiting = getattr(request, "waiting", None)
        return to_waiting(request, waiting) if waiting else super().response_change(request, obj)


class EndForm(RowActionForm):
    """A form to end or cancel a row; it shows the effect and asks for a ground if that weakens a safeguard."""

    ground = GroundField()

    def prepare(self) -> None:
        at, ended = get_action_time(self.request), copy(self.row)
        ended.ends_at = max(self.row.starts_at, at)  # ended now, or cancelled before its start
        with in_client(self.row.client_id):
            self.kind = self.find_weakening(ended, at)
        if self.kind is None:
            del self.fields["ground"]
        else:
            arrived_at = get_arrival_time(self.request)
            require_recent_authentication(self.request, Capability.DECIDE_FOR_CLIENT, at=arrived_at)

    def find_weakening(self, ended: Any, at: datetime) -> str | None:
        """Return the kind of change that ending the row is, None if it weakens nothing."""
        return find_weakening(ended, self.row, at=at)

    @property
    def panel(self) -> dict[str, object] | None:
        return None if self.kind is None else describe_effect(self.kind, self.row, get_action_time(self.request))


def _end(row: PeriodRow, given: FormData, request: HttpRequest) -> ProposedChange | None:
    actor, at = actor_of(request), get_action_time(request)
    if not given["ground"]:
        stop = cancel_period if row.starts_at > at else end_period
        stop(row, actor=actor, reason=given["reason"], at=at)
        return None
    row.ends_at = max(row.starts_at, at)
    return request_safeguard_change(row, ground=given["ground"], actor=actor, at=at)


_STOPS: dict[str, Any] = {
    "form": EndForm,
    "weakens": Weakens.BY_ITS_VALUES,
    "template": "console/end_safeguarded.html",
}


def end_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that ends a row's period now, or requests it if that weakens a safeguard."""
    return RowAction(
        *("end", label, capability, _end, lead, "Ended. In effect from the next decision."),
        danger=True,
        applies=lambda row, at: row.starts_at < at and (row.ends_at is None or row.ends_at > at),
        **_STOPS,
    )


def cancel_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that cancels a row before its start, or requests it if that weakens a safeguard."""
    return RowAction(
        *("cancel", label, capability, _end, lead, "Cancelled. It will never take effect."),
        applies=lambda row, at: row.starts_at > at and not row.is_cancelled,
        **_STOPS,
    )
