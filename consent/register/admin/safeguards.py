"""Weaker safeguards in the console: the effect first, a ground in words, then the approval of a second person."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from consent.register.compiled import PURPOSE_WORDS
from consent.register.effects import (
    SafeguardEffect,
    WeakensSafeguard,
    count_concerned,
    count_recipient_effect,
    find_weakening,
)
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import (
    LawfulBasis,
    PeriodRow,
    Purpose,
    RegisterRow,
    SafeguardChange,
    SafeguardKind,
)
from consent.register.services import (
    cancel_period,
    change_register,
    decide_safeguard_change,
    end_period,
    find_waiting,
    may_approve,
    request_safeguard_change,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import is_other_person
from paktaleem.foundation.accounts.sessions import require_recent_authentication
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import period_pill, staff_name, state_column
from paktaleem.foundation.console.forms import ActionForm, FormData, GroundField, RowActionForm, ScopedForm
from paktaleem.foundation.console.model_admin import Fieldsets, Saving, ScopedAdmin
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.text.times import format_time

_PANEL = "console/panels/safeguard.html"
_RECIPIENT_PANEL = "console/panels/recipient_effect.html"


def _count_effect(kind: SafeguardKind, row: Any, roles: Iterable[str] = ()) -> SafeguardEffect:
    purpose = row.pk if isinstance(row, Purpose) else row.purpose_id
    own = [role] if (role := getattr(row, "role", "")) else []
    return count_concerned(kind, client_id=row.client_id, purposes=[purpose], roles=[*roles] or own)


def _panel(
    kind: SafeguardKind,
    row: RegisterRow,
    at: datetime,
    change: SafeguardChange | None = None,
    roles: Iterable[str] = (),
) -> dict[str, object]:
    ground = "" if change is None else change.ground
    if isinstance(row, RecipientApproval):
        effect = count_recipient_effect(row, at=at)
        return {"template": _RECIPIENT_PANEL, "effect": effect, "approval": row, "ground": ground}
    effect_of_purpose = None if kind in _OF_NO_PURPOSE else _count_effect(kind, row, roles)
    changes = _list_changes(kind, row, change)
    return {"template": _PANEL, "effect": effect_of_purpose, "kind": str(kind), "ground": ground, "changes": changes}


def waiting_panels(row: TenantRow) -> list[dict[str, object]]:
    """Return a panel with the change of a row that waits for a second person, if there is one."""
    return [{"template": "console/panels/waiting.html", "change": change} for change in find_waiting(row)]


def _panel_of(change: SafeguardChange, at: datetime) -> dict[str, object]:
    if change.kind in _OF_ONE_ROW:
        return {"template": _PANEL, "kind": change.kind, "ground": change.ground}
    return _panel(SafeguardKind(change.kind), _build(change), at, change)


_OF_ONE_ROW = frozenset(
    {
        SafeguardKind.RESTRICTION,
        SafeguardKind.QUARANTINE,
        SafeguardKind.COLLECTION,
        SafeguardKind.HOLD,
        SafeguardKind.BREACH,
        SafeguardKind.DISPOSAL,
    }
)
_OF_NO_PURPOSE = frozenset({SafeguardKind.COOKIE, SafeguardKind.RECIPIENT, SafeguardKind.SUSPENSION})
_COLUMNS = {
    SafeguardKind.COOKIE: ("category", "provider", "set_by", "purpose_en", "purpose_ur", "days"),
    SafeguardKind.SUSPENSION: ("agreement", "starts_at", "ends_at"),
    SafeguardKind.RETENTION: (
        "category",
        "trigger",
        "fixed_on",
        "period",
        "action",
        "is_automatic",
        "starts_at",
        "ends_at",
    ),
}
"""The columns to show of a changed row, by kind of change."""


def _list_changes(kind: SafeguardKind, row: Any, change: SafeguardChange | None) -> list[tuple[str, str, str]]:
    """List the columns of a row that differ from the stored ones: label, stored value, new value.

    Of a change that is settled, the stored ones are those before it was.
    """
    names: Iterable[str] = PURPOSE_WORDS if isinstance(row, Purpose) else _COLUMNS.get(kind, ())
    stored = type(row)._default_manager.filter(pk=row.pk, client_id=row.client_id).first()
    if change is not None and change.settled_at is not None:
        earlier = type(row).history.filter(id=row.pk, history_date__lt=change.settled_at)
        stored = earlier.order_by("-history_date", "-history_id").first()
        names = [name for name in names if name in change.values]
    changes = [(name, "" if stored is None else _show(stored, name), _show(row, name)) for name in names]
    label = row._meta.get_field
    return [(translate_text(label(name).verbose_name), old, new) for name, old, new in changes if old != new]


def _show(row: Any, name: str) -> str:
    value = getattr(row, f"get_{name}_display", lambda: getattr(row, name))()
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return format_time(value) if isinstance(value, datetime) else str(value or "")


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
        """Save the row. Raises WeakensSafeguard."""
        super().write(row, saving)

    def request_change(
        self, row: Row, *, kind: SafeguardKind | None, ground: str, actor: Actor, at: datetime
    ) -> SafeguardChange:
        return request_safeguard_change(row, kind=kind, ground=ground, actor=actor, at=at)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **kwargs)
        weaker = getattr(request, "weaker", None)
        if weaker is not None and isinstance(response, TemplateResponse) and response.context_data is not None:
            kind, row, roles = weaker
            shown = {**_panel(kind, row, get_action_time(request), roles=roles), "is_effect": True}
            response.context_data["panels"] = [shown, *response.context_data["panels"]]
        return response

    def response_add(self, request: HttpRequest, obj: Row, post_url_continue: str | None = None) -> HttpResponse:
        waiting = getattr(request, "waiting", None)
        return to_waiting(request, waiting) if waiting else super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Row) -> HttpResponse:
        waiting = getattr(request, "waiting", None)
        return to_waiting(request, waiting) if waiting else super().response_change(request, obj)


def to_waiting(request: HttpRequest, change: SafeguardChange) -> HttpResponse:
    """Redirect to a change that waits for a second person."""
    messages.warning(request, gettext("This has no effect until a second person approves it."))
    name = "admin:consent_safeguardchange_change"
    return HttpResponseRedirect(reverse(name, args=[change.pk], current_app=site.name))


class EndForm(RowActionForm):
    """A form to end or cancel a row; it shows the effect and asks for a ground if that weakens a safeguard."""

    ground = GroundField()

    def prepare(self) -> None:
        self.kind = find_weakening_by_end(self.row, get_action_time(self.request))
        if self.kind is None:
            del self.fields["ground"]
        else:
            at = get_arrival_time(self.request)
            require_recent_authentication(self.request, Capability.DECIDE_FOR_CLIENT, at=at)

    @property
    def panel(self) -> dict[str, object] | None:
        """Return the effect, if a safeguard is weakened."""
        return None if self.kind is None else _panel(self.kind, self.row, get_action_time(self.request))


def find_weakening_by_end(row: PeriodRow, at: datetime) -> SafeguardKind | None:
    """Return which safeguard would be weakened if the row ended now, or, before its start, were cancelled."""
    ended = copy(row)
    ended.ends_at = max(row.starts_at, at)
    with in_client(row.client_id):
        return find_weakening(ended, row, at=at)


def _end(row: PeriodRow, given: FormData, request: HttpRequest) -> HttpResponse | None:
    actor, at = actor_of(request), get_action_time(request)
    if "ground" not in given:
        stop = cancel_period if row.starts_at > at else end_period
        stop(row, actor=actor, reason=given["reason"], at=at)
        return None
    row.ends_at = max(row.starts_at, at)
    return to_waiting(request, request_safeguard_change(row, ground=given["ground"], actor=actor, at=at))


def end_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that ends a row's period now, or requests it if that weakens a safeguard."""
    return RowAction(
        "end",
        label,
        capability,
        _end,
        lead=lead,
        done="Ended. In effect from the next decision.",
        form=EndForm,
        danger=True,
        applies=lambda row, at: row.starts_at < at and (row.ends_at is None or row.ends_at > at),
        template="console/end_safeguarded.html",
    )


def cancel_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that cancels a row before its start, or requests it if that weakens a safeguard."""
    return RowAction(
        "cancel",
        label,
        capability,
        _end,
        lead=lead,
        done="Cancelled. It will never take effect.",
        form=EndForm,
        applies=lambda row, at: row.starts_at > at and not row.is_cancelled,
        template="console/end_safeguarded.html",
    )


class SafeguardGroundForm(ActionForm):
    """The ground of an act that weakens a safeguard, for the second person."""

    ground = GroundField()


class ApprovalForm(RowActionForm):
    """The approval of a change that weakens a safeguard, beside its effect."""

    @property
    def panel(self) -> dict[str, object]:
        return _panel_of(self.row, get_action_time(self.request))


_APPROVE, _DECLINE = approval_actions(
    decide_safeguard_change,
    approve="Approve change",
    decline="Decline change",
    lead="The safeguard is weaker from now on. Approve it only if the ground convinces you.",
    capability=Capability.DECIDE_FOR_CLIENT,
    danger=True,
    offered_to=lambda row, actor, at: is_other_person(row, actor, at) and may_approve(row, actor),
)


def _may_decline(row: SafeguardChange, actor: Actor, _at: datetime) -> bool:
    return actor.may(SafeguardKind(row.kind).capability, row.client_id)


_DECISIONS = (
    replace(_APPROVE, form=ApprovalForm, template="console/approve_safeguard.html"),
    replace(_DECLINE, offered_to=_may_decline),
)


@admin.register(SafeguardChange, site=site)
class SafeguardChangeAdmin(ScopedAdmin[SafeguardChange]):
    """Changes that weaken a safeguard."""

    view_capability = Capability.VIEW_REGISTER
    ledger_families = ("safeguard",)
    asks_reason = False
    list_display = ("requested_at", "standing", "kind", "purpose", "requester", "owner")
    list_filter = ("state", "kind", "client")
    newest_by = "requested_at"
    sortable_by = ()
    detail_fields = ("standing", "kind", "about", "requester", "requested_at", "settled_at")
    intro = (
        "A change that weakens or ends what protects people has no effect until a second person approves it. The "
        "filter lists the kinds of change."
    )
    empty_text = "No change that weakens a safeguard has been requested."
    standing = change_state_column
    acts = (
        replace(_APPROVE, form=ApprovalForm, template="console/approve_safeguard.html"),
        replace(_DECLINE, offered_to=_may_decline),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SafeguardChange]:
        requester = staff_name("requested_by", actor_of(request))
        found: QuerySet[SafeguardChange] = super().get_queryset(request).annotate(requester_name=requester)
        return found

    @admin.display(description="requested by")
    def requester(self, row: Any) -> str:
        return str(row.requester_name or gettext("Former staff"))

    @admin.display(description="about")
    def about(self, row: SafeguardChange) -> str:
        """Return the purpose, and for a lawful basis the role and the basis; link to a row with a page of its own."""
        changed: Any = _build(row)
        if row.kind in _OF_ONE_ROW:
            page = site.get_model_admin(type(changed))
            return format_html('<a href="{}">{}</a>', page.url_of("change", changed), page.describe_row(changed))
        if row.kind in _OF_NO_PURPOSE:
            return str(getattr(changed, "recipient", changed))
        parts = [format_purpose(row.purpose, row.client_id)]
        if isinstance(changed, LawfulBasis):
            parts += [translate_text(changed.get_role_display()), translate_text(changed.get_basis_display())]
        return " · ".join(parts)

    def panels(self, request: HttpRequest, row: SafeguardChange) -> list[dict[str, object]]:
        return [_panel_of(row, get_action_time(request))]


def _build(change: SafeguardChange) -> RegisterRow:
    model: Any = apps.get_model(change.table)
    row: RegisterRow = model.objects.filter(pk=change.row).first() or model(pk=change.row, client_id=change.client_id)
    for name, value in change.values.items():
        setattr(row, name, model._meta.get_field(name).to_python(value))
    return row
