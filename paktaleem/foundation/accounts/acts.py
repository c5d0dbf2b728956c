"""Acts: a service on one row that says, beside its code, who may use it, when it is refused, and how pages name it.

``act`` makes an ``Act`` of a service. It is called like the service, and runs always in this order, in one transaction:
the capability, the lock of the row, the check, the service. The console makes the button, the form and the page from
the same declaration (``console.act_pages``): each argument that a person enters is annotated with its form field.
"""

# A decorator and not a class with ``Input`` and ``perform``: callers, among them some thousand tests, keep calling a
# typed function, and an act with two arguments needs no dataclass of its own (decision 132).

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, Protocol, cast
from uuid import UUID

from django.db import transaction
from django.utils.functional import Promise

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError

type Check = Callable[[Any, Actor, datetime], object]
"""Raises a PortalError if an act does not apply to a row, or not by this actor."""


class RowOfClient(Protocol):
    @property
    def client_id(self) -> UUID: ...


class Refused(PortalError):
    """An act is refused for the reason given; for reasons that no caller tells apart."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.console_message = str(message)


def refuse_if(
    applies: Callable[[Any], object], words: str | Promise, *, first: Check = lambda _row, _actor, _at: None
) -> Check:
    """Return the check of an act that raises Refused with ``words``, which are translated then, for such a row.

    Another check may come ``first``.
    """

    def check(row: Any, actor: Actor, at: datetime) -> None:
        first(row, actor, at)
        if applies(row):
            raise Refused(words)

    return check


def lock_row(row: Any) -> Any:
    """Return the stored row of a client, locked until the end of the transaction."""
    rows = type(row)._default_manager.select_for_update(of=("self",))
    return rows.get(pk=row.pk, client_id=row.client_id)


def as_given(row: Any) -> Any:
    """Return a row as it is."""
    return row


@dataclass(eq=False)
class Act[Row: RowOfClient, **Input, Result]:
    """A service on one row with its capability, its lock and its check, and how pages name it.

    ``slug`` is its part of the address, ``label`` its button, ``lead`` the text before it, ``done`` the message after
    it. ``danger`` marks an act that takes protection away or cannot be undone. With ``wall_clock`` its ``at`` is on the
    system clock, not on the clock of the client (a sandbox may have another).
    """

    service: Callable[Concatenate[Row, Input], Result]
    slug: str
    label: str
    capability: Capability
    lead: str
    done: str
    danger: bool
    wall_clock: bool
    lock: Callable[[Row], Row]
    check: Callable[[Row, Actor, datetime], object]

    @transaction.atomic
    def __call__(self, row: Row, /, *args: Input.args, **given: Input.kwargs) -> Result:
        """Perform the act. Raises NotAllowed, and what the check and the service raise."""
        actor, at = cast("Actor", given["actor"]), cast("datetime", given["at"])
        require(actor, self.capability, row.client_id)
        locked = self.lock(row)
        self.check(locked, actor, at)
        return self.service(locked, *args, **given)

    def find_refusal(self, row: Row, actor: Actor, at: datetime) -> PortalError | None:
        """Return why the act would be refused now, None if the check accepts it."""
        try:
            self.check(row, actor, at)
        except PortalError as refusal:
            return refusal
        return None


def act[Row: RowOfClient, **Input, Result](
    slug: str,
    label: str,
    capability: Capability,
    *,
    lead: str = "",
    done: str = "Done.",
    danger: bool = False,
    wall_clock: bool = False,
    lock: Callable[[Any], Any] = lock_row,
    check: Check = lambda _row, _actor, _at: None,
) -> Callable[[Callable[Concatenate[Row, Input], Result]], Act[Row, Input, Result]]:
    """Declare a service as an act of those with ``capability``.

    ``lock`` returns the stored row, locked; with ``as_given`` the service locks what it needs.
    ``check`` raises a PortalError if the act does not apply to the row, or not by this actor. Pages offer the act only
    if the check accepts it.
    """

    def declare(service: Callable[Concatenate[Row, Input], Result]) -> Act[Row, Input, Result]:
        made = Act(service, slug, label, capability, lead, done, danger, wall_clock, lock, check)
        update_wrapper(made, service)
        return made

    return declare
