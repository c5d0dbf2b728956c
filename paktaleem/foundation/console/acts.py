"""Acts on one row: a page that says what will happen, a form with a reason, one service call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.words import translated

__all__ = ["PAGES", "Act", "as_refusal"]

PAGES = frozenset({"add", "change", "delete", "export", "history"})
"""What the console itself shows at an address of a row or a list."""


def _always(_row: Any, _at: datetime) -> bool:
    return True


@dataclass(frozen=True)
class Act:
    """One act. ``perform`` calls the service and may answer with a page of its own (a secret shown once).

    ``refusals`` gives the words for each exception the service may raise.
    """

    slug: str
    label: str
    capability: Capability
    perform: Callable[[Any, dict[str, Any], HttpRequest], HttpResponse | None]
    lead: str = ""
    done: str = "Done."
    form: type[ActForm] = ActForm
    danger: bool = False
    applies: Callable[[Any, datetime], bool] = _always
    refusals: Mapping[type[Exception], str] = field(default_factory=dict)
    listed: bool = True
    template: str = "console/act.html"

    def __post_init__(self) -> None:
        """Refuse a slug under which the console has a page: the act would take its place."""
        if self.slug in PAGES:
            raise ImproperlyConfigured(f"An act cannot be called {self.slug}: the console has a page of that name.")


def as_refusal(error: Exception, refusals: Mapping[type[Exception], str]) -> ValidationError | None:
    """Turn what a service raised into words for the form; None for what nobody foresaw."""
    if isinstance(error, ValidationError):
        return error
    for kind, words in refusals.items():
        if isinstance(error, kind):
            return ValidationError(translated(words))
    if isinstance(error, NotAllowed):
        return ValidationError(_("Your role may not do this here."))
    if isinstance(error, IntegrityError):
        return ValidationError(
            _("The database refused it: such a row exists already, or a rule of the register is broken.")
        )
    return None
