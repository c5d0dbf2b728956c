"""The pages of acts: button, form and answer follow from the declaration of the act (``accounts.acts``)."""

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Act, Refused
from paktaleem.foundation.console.forms import ActionForm, GroundField, ReasonField
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.errors import PortalError

_NOT_ASKED = {"actor", "at"}
_ASKED = {"reason": ReasonField(), "ground": GroundField()}


def act_page(
    act: Act[Any, Any, Any],
    *,
    form: type[ActionForm] | None = None,
    target: str = "",
    list_targets: Callable[[Any], Iterable[Any]] | None = None,
    respond: Callable[[Any, dict[str, Any], HttpRequest], HttpResponse | str | None] | None = None,
    **options: Any,
) -> RowAction:
    """Return the row action of an act.

    ``form`` replaces the one that follows from the act's arguments, where choices depend on the row. ``target`` names
    the form's field whose value is the act's row, if that is one of ``list_targets`` and not the row of the page.
    ``respond`` is called instead of the act, and calls it. ``options`` are further values of ``RowAction``.
    """

    def perform(row: object, given: dict[str, Any], request: HttpRequest) -> None:
        values = dict(given)
        act(values.pop(target) if target else row, **values, actor=actor_of(request), at=get_action_time(request))

    def find_refusal(row: object, actor: Actor, at: datetime) -> PortalError | None:
        targets = [row] if list_targets is None else list_targets(row)
        refusals = [act.find_refusal(one, actor, at) for one in targets]
        return None if None in refusals else next(iter(refusals), Refused(gettext("There is nothing to choose from.")))

    return RowAction(
        act.slug,
        act.label,
        act.capability,
        respond or perform,
        lead=act.lead,
        done=act.done,
        danger=act.danger,
        form=form or make_form(act),
        offered_to=lambda row, actor, at: find_refusal(row, actor, at) is None,
        find_refusal=find_refusal,
        **options,
    )


def make_form(act: Act[Any, Any, Any]) -> type[ActionForm]:
    """Return the form of an act: the field with which each argument is annotated; a reason and a ground need none.

    Raises ImproperlyConfigured if an argument that is needed has no field.
    """
    hints = get_type_hints(act.service, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(act.service).parameters.items())[1:]:
        field = find_field(hints[name]) or _ASKED.get(name)
        if name in _NOT_ASKED or (field is None and parameter.default is not inspect.Parameter.empty):
            continue
        if field is None:
            raise ImproperlyConfigured(f"Annotate {name} of the act {act.slug} with its form field.")
        fields[name] = field
    return type("ActForm", (ActionForm,), fields)


def find_field(hint: object) -> forms.Field | None:
    """Return the form field with which an argument is annotated; a day is entered in the browser's own calendar."""
    metadata = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    field = next((one for one in metadata if isinstance(one, forms.Field)), None)
    if isinstance(field, forms.DateField) and not isinstance(field.widget, DayInput):
        field.widget = DayInput()
    return field
