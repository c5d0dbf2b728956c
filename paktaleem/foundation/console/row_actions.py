"""Row actions: pages with an explanation and a form, each of which makes one service call."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, TypedDict, get_args, get_origin, get_type_hints

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Act, Refused
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.audit.certificates import IssuedCertificate, read_body
from paktaleem.foundation.console.forms import ActionForm, FormData, GroundField, ReasonField, RowActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import is_outside_limit
from paktaleem.foundation.web.public.pages import OUTSIDE_LIMIT

PAGES = frozenset({"add", "change", "delete", "export", "history"})
"""URL parts of the console's own pages, which cannot be slugs of row actions."""
_MOST_BUTTONS = 3


class Weakens(Enum):
    """Whether an act weakens what protects people: then it takes a ground, recent authentication and a second person.

    ``BY_ITS_VALUES``: its service raises GroundNeeded if what was entered does, or its form finds it out before.
    """

    NEVER = auto()
    BY_ITS_VALUES = auto()
    ALWAYS = auto()


@dataclass(frozen=True)
class RowAction:
    """A row action; ``perform`` calls the service and may return its own response (a secret shown once).

    It may return a row instead, whose page is shown next, or words for the message after it: ``done`` is shown where
    they depend on nothing.
    ``refusals`` holds what this action says of an exception instead of the exception's own ``console_message``.
    With ``across_clients`` the service itself opens the contexts of the clients whose rows it writes (officers only).
    ``offered_to`` says for whom of those with the capability there is a button and a form; the service refuses others.
    ``find_refusal`` returns why the act would be refused now; its page is not shown then, but the words.
    ``step_up`` demands recent authentication although the capability does not: for a second person's approval.
    ``find_requested`` returns the change that is approved: the page shows what it changes, its proposer and its ground.
    """

    slug: str
    label: str
    capability: Capability
    perform: Callable[[Any, FormData, HttpRequest], HttpResponse | Model | str | None]
    lead: str = ""
    done: str = "Done."
    form: type[ActionForm] = RowActionForm
    danger: bool = False
    applies: Callable[[Any, datetime], bool] = lambda _row, _at: True
    offered_to: Callable[[Any, Actor, datetime], bool] = lambda _row, _actor, _at: True
    find_refusal: Callable[[Any, Actor, datetime], PortalError | None] | None = None
    refusals: Mapping[type[Exception], str] = field(default_factory=dict)
    listed: bool = True
    template: str = "console/act.html"
    across_clients: bool = False
    step_up: bool = False
    weakens: Weakens = Weakens.NEVER
    find_requested: Callable[[Any], Model | None] | None = None

    @property
    def is_sensitive(self) -> bool:
        return self.step_up or self.weakens is Weakens.ALWAYS or self.capability in SENSITIVE

    def open_form(self, row: Any, request: HttpRequest, *data: Any, **options: Any) -> ActionForm:
        form = self.form(*data, row=row, request=request, **options)
        if self.weakens is Weakens.ALWAYS or (self.weakens is Weakens.BY_ITS_VALUES and "ground" in request.POST):
            ask_ground(form)
        return form

    def complete(self, given: FormData) -> FormData:
        """Add an empty ground to what was entered if none was asked for yet."""
        return given if self.weakens is Weakens.NEVER else {"ground": "", **given}

    def __post_init__(self) -> None:
        if self.slug in PAGES:
            raise ImproperlyConfigured(f"Choose another slug than {self.slug}: the console has a page of that name.")


def ask_ground(form: ActionForm) -> None:
    """Let a form ask for the ground, before the reason."""
    form.fields.setdefault("ground", GroundField())
    form.order_fields([*(name for name in form.fields if name not in _LAST), *_LAST])


_LAST = ("ground", "reason")


def calls(
    service: Callable[..., Any],
    *,
    clock: Callable[[HttpRequest], datetime] = get_action_time,
    shows_result: bool = False,
) -> Callable[[Any, FormData, HttpRequest], Model | None]:
    """Return the function of a row action that calls a service with the row, the form's values, the actor and time.

    With ``shows_result`` the page of the row that the service returns is shown next.
    """

    def perform(row: Any, given: FormData, request: HttpRequest) -> Model | None:
        result = service(row, **given, actor=actor_of(request), at=clock(request))
        return result if shows_result else None

    return perform


class Button(TypedDict):
    slug: str
    label: str
    danger: bool
    url: str


def arrange_acts(acts: Sequence[Button], main: Sequence[str]) -> dict[str, list[Button]]:
    """Return the acts of a page as ``main_acts``, its buttons, and ``more_acts``, those under *More*.

    The buttons are the first three of ``main`` that apply; without ``main`` all acts. Under *More*, acts that cannot be
    undone come last.
    """
    if not main:
        return {"main_acts": list(acts), "more_acts": []}
    offered = {act["slug"]: act for act in acts}
    buttons = [offered[slug] for slug in main if slug in offered][:_MOST_BUTTONS]
    others = [act for act in acts if act not in buttons]
    return {"main_acts": buttons, "more_acts": sorted(others, key=lambda act: act["danger"])}


def to_form_error(error: Exception, refusals: Mapping[type[Exception], str]) -> ValidationError | None:
    """Convert an exception of a service to a form error; None for an unexpected one."""
    if isinstance(error, ValidationError):
        return error
    for kind, words in refusals.items():
        if isinstance(error, kind):
            return ValidationError(translate_text(words))
    if isinstance(error, PortalError) and error.console_message:
        return ValidationError(" ".join([translate_text(error.console_message), *error.console_details]))
    if is_outside_limit(error):
        return ValidationError(str(OUTSIDE_LIMIT))
    words = _("The database rejected the change: the row already exists, or the change breaks a rule of the register.")
    return ValidationError(words) if isinstance(error, IntegrityError) else None


_NOT_ASKED = {"actor", "at"}
_ASKED = {"reason": ReasonField(), "ground": GroundField()}


def act_page(
    act: Act[Any, Any, Any],
    *,
    form: type[ActionForm] | None = None,
    target: str = "",
    list_targets: Callable[[Any], Iterable[Any]] | None = None,
    respond: Callable[[Any, FormData, HttpRequest], HttpResponse | str | None] | None = None,
    shows_result: bool = False,
    **options: Any,
) -> RowAction:
    """Return the row action of an act.

    ``form`` replaces the one that follows from the act's arguments, where choices depend on the row. ``target`` names
    the form's field whose value is the act's row, if that is one of ``list_targets`` and not the row of the page.
    ``respond`` is called instead of the act, and calls it. With ``shows_result`` the page of the row that the act
    returns is shown next. ``options`` are further values of ``RowAction``.
    """
    perform_act = calls(act, clock=get_arrival_time if act.wall_clock else get_action_time, shows_result=shows_result)

    def perform(row: object, given: FormData, request: HttpRequest) -> Model | None:
        values = dict(given)
        return perform_act(values.pop(target) if target else row, values, request)

    def find_refusal(row: object, actor: Actor, at: datetime) -> PortalError | None:
        targets = [row] if list_targets is None else list_targets(row)
        refusals = [act.find_refusal(one, actor, at) for one in targets]
        return None if None in refusals else next(iter(refusals), Refused(gettext("There is nothing to choose from.")))

    return RowAction(
        *(act.slug, act.label, act.capability, respond or perform),
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


def show_revealed(request: HttpRequest, row: Model, title: str, shown: Iterable[tuple[object, object]]) -> HttpResponse:
    """Return the page that shows opened values of a row, each with its label, and leads back to the row."""
    owner = site.get_model_admin(type(row))
    url = owner.url_of("change", row)
    return owner.page(request, row, "console/revealed.html", title=title, shown=shown, row_url=url)


def send_file(content: bytes | str | Iterable[bytes], name: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


@dataclass(frozen=True)
class AddedAct:
    """An act on the rows of a model, ``app_label.model``; placed behind the act ``after``, or last."""

    model: str
    act: RowAction
    after: str = ""


added_acts: ExtensionPoint[AddedAct] = ExtensionPoint(
    "console.added_acts", "Acts of apps above on the page of a row of an app below."
)


def acts_of(model: str, own: Sequence[RowAction | Act[Any, ..., Any]]) -> list[RowAction]:
    """Return a model's own acts with the added ones in their places."""
    acts = [act if isinstance(act, RowAction) else _page_of(act) for act in own]
    for added in added_acts:
        if added.model == model:
            slugs = [act.slug for act in acts]
            acts.insert(slugs.index(added.after) + 1 if added.after in slugs else len(acts), added.act)
    return acts


_page_of = cache(act_page)


def certificate_actions(
    capability: Capability,
    *,
    find: Callable[[Any], IssuedCertificate | None],
    render: Callable[..., bytes],
    name: Callable[[Any], str],
    applies: Callable[[Any, datetime], bool],
) -> tuple[RowAction, RowAction]:
    """Return the acts that download a row's certificate as PDF and as JSON; without one they do nothing.

    ``render`` returns the PDF of its content and ``sha256``; ``name`` the file's name without its ending.
    """

    def make(ending: str, lead: str, read: Callable[[IssuedCertificate], bytes]) -> RowAction:
        def send(row: object, _given: object, _request: HttpRequest) -> HttpResponse | None:
            if (found := find(row)) is None:
                return None
            return send_file(read(found), f"{name(row)}.{ending}", f"application/{ending}")

        slug, label = f"certificate-{ending}", f"Certificate ({ending.upper()})"
        return RowAction(slug, label, capability, send, form=ActionForm, lead=lead, applies=applies)

    both = "In English and Urdu, without personal data. You may hand it out."
    exact = "The exact text whose SHA-256 is in the ledger, without personal data."
    return (
        make("pdf", both, lambda found: render(read_body(found), sha256=found.sha256)),
        make("json", exact, lambda found: found.body.encode()),
    )
