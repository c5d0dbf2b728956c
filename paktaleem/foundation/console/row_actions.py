"""Row actions: a page with an explanation and a reason, which makes one service call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.console.forms import ActionForm, RowActionForm
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import is_outside_limit
from paktaleem.foundation.web.public.pages import OUTSIDE_LIMIT

PAGES = frozenset({"add", "change", "delete", "export", "history"})
"""URL parts of the console's own pages, which cannot be slugs of row actions."""
_MOST_BUTTONS = 3


@dataclass(frozen=True)
class RowAction:
    """A row action; ``perform`` calls the service and may return its own response (a secret shown once).

    It may return words instead, for the message after it: ``done`` is shown where they depend on nothing.
    ``refusals`` holds what this action says of an exception instead of the exception's own ``console_message``.
    With ``across_clients`` the service itself opens the contexts of the clients whose rows it writes (officers only).
    ``offered_to`` says for whom of those with the capability there is a button and a form; the service refuses others.
    ``find_refusal`` returns why the act would be refused now; its page is not shown then, but the words.
    ``step_up`` demands recent authentication although the capability does not: for a second person's approval.
    """

    slug: str
    label: str
    capability: Capability
    perform: Callable[[Any, dict[str, Any], HttpRequest], HttpResponse | str | None]
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

    @property
    def is_sensitive(self) -> bool:
        """Return True if the action needs recent authentication: by its capability, or by ``step_up``."""
        return self.step_up or self.capability in SENSITIVE

    def __post_init__(self) -> None:
        if self.slug in PAGES:
            raise ImproperlyConfigured(f"Choose another slug than {self.slug}: the console has a page of that name.")


def arrange_acts(acts: Sequence[dict[str, Any]], main: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the acts of a page as ``main_acts``, its buttons, and ``more_acts``, those under *More*.

    The buttons are the first three of ``main`` that apply; without ``main`` all acts. Under *More*, acts that cannot be
    undone come last.
    """
    if not main:
        return {"main_acts": list(acts), "more_acts": []}
    offered = {act["slug"]: act for act in acts}
    buttons = [offered[slug] for slug in main if slug in offered][:_MOST_BUTTONS]
    others = [act for act in acts if act not in buttons]
    return {"main_acts": buttons, "more_acts": sorted(others, key=lambda act: bool(act["danger"]))}


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
    if isinstance(error, IntegrityError):
        return ValidationError(
            _("The database rejected the change: the row already exists, or the change breaks a rule of the register.")
        )
    return None
