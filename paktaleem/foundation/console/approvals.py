"""Changes that need a second person in the console: their effect, and the row actions to approve or decline them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, find_waiting, get_kind
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, is_other_person
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.console.columns import moment_tag, render_state, staff_name, state_column
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.text.times import format_time, join_words

_TONES = {"waiting": "warn", "approved": "good", "declined": "bad", "replaced": "calm"}


def render_change_state(row: RequestedChange) -> SafeString:
    return render_state(row.get_state_display(), _TONES[row.state])


change_state_column = state_column(render_change_state)
"""List column with the state of a change."""


def list_origin(requested: Model, request: HttpRequest) -> list[tuple[str, object]]:
    """Return who requested a change, when and on which ground: label and value each."""
    values = {gettext("Ground"): getattr(requested, "ground", "")}
    for column, moment in (("requested_by", "requested_at"), ("proposed_by", "proposed_at")):
        if hasattr(requested, column):
            rows: QuerySet[Model] = type(requested)._default_manager.filter(pk=requested.pk)
            name = rows.values_list(staff_name(column, actor_of(request)), flat=True).first()
            if getattr(requested, "requested_kind", ByKind.USER) == ByKind.API_KEY:
                name = gettext("API key")
            values |= {
                gettext("Requested by"): name or gettext("Former staff"),
                gettext("Requested"): moment_tag(getattr(requested, moment)),
            }
    return [(label, value) for label, value in values.items() if isinstance(value, str) and value]


_DECLINE_LEAD = "Nothing changes: the request ends. It is recorded who declined it, and why."


def approval_actions(
    service: Callable[..., object],
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

    options: dict[str, Any] = {
        "applies": lambda row, _at: row.state == ChangeState.WAITING,
        "refusals": refusals or {},
        "find_requested": lambda row: row,
    }
    approval: dict[str, Any] = {"danger": danger, "form": form, "template": template, "offered_to": offered_to}
    approving, declining = partial(perform, approved=True), partial(perform, approved=False)
    nothing = "Declined. Nothing has changed."
    return (
        RowAction(
            "approve", approve, capability, approving, lead=lead, done="Approved.", step_up=True, **approval, **options
        ),
        RowAction("decline", decline, capability, declining, lead=_DECLINE_LEAD, done=nothing, **options),
    )


@dataclass(frozen=True)
class EffectFigures:
    """Figures of changes of some ``kinds``, counted by kind, row, time and roles; none if there are none."""

    kinds: frozenset[str]
    template: str
    count: Callable[[str, Any, datetime, Iterable[str]], dict[str, object]]


effect_figures: ExtensionPoint[EffectFigures] = ExtensionPoint(
    "console.effect_figures", "Counts whom a change concerns, before it is requested and before it is approved."
)


def describe_effect(
    code: str, row: Any, at: datetime, *, change: ProposedChange | None = None, roles: Iterable[str] = ()
) -> dict[str, object]:
    """Return the panel with the effect of a change of a kind: what it changes, in words and figures, and its ground."""
    kind = get_kind(code)
    panel: dict[str, object] = {
        "template": "console/panels/change.html",
        "kind": code,
        "words": kind.effect,
        "ground": "" if change is None else change.ground,
        "changes": _list_changes(kind, row, change),
    }
    for figures in effect_figures:
        if code in figures.kinds and (values := figures.count(code, row, at, roles)):
            panel |= {"figures": figures.template, **values}
    return panel


def _list_changes(kind: ChangeKind, row: Any, change: ProposedChange | None) -> list[tuple[str, str, str]]:
    names = list(kind.columns)
    if not names:
        return []
    stored = type(row)._default_manager.filter(pk=row.pk).first()
    if change is not None and change.settled_at is not None:
        earlier = type(row).history.filter(id=row.pk, history_date__lt=change.settled_at)
        stored = earlier.order_by("-history_date", "-history_id").first()
        names = [name for name in names if name in change.values]
    stored = stored or kind.initial(row)
    changes = [(name, "" if stored is None else _show(stored, name), _show(row, name)) for name in names]
    label = row._meta.get_field
    return [(translate_text(label(name).verbose_name), old, new) for name, old, new in changes if old != new]


def _show(row: Any, name: str) -> str:
    value = getattr(row, f"get_{name}_display", lambda: getattr(row, name))()
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dict):
        return join_words(f"{name} {each}" for name, each in sorted(value.items()))
    return format_time(value) if isinstance(value, datetime) else str(value or "")


def waiting_panels(row: TenantRow) -> list[dict[str, object]]:
    return [{"template": "console/panels/waiting.html", "change": change} for change in find_waiting(row)]


def to_waiting(request: HttpRequest, change: ProposedChange) -> HttpResponse:
    messages.warning(request, gettext("This has no effect until a second person approves it."))
    name = "admin:accounts_proposedchange_change"
    return HttpResponseRedirect(reverse(name, args=[change.pk], current_app=site.name))
