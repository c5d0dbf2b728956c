"""Base classes of the register's pages; every row is written through ``change_register``."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest

from consent.register.services.register import cancel_period, change_register, end_period
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, state_column
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction


class RegisterAdmin(ScopedAdmin):
    """A kind of register row; a client's own rows are editable, shared rows read-only."""

    view_capability = Capability.VIEW_REGISTER
    add_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER
    change_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER

    def write(self, row: Any, **details: Any) -> None:
        """Add or change the row; in effect from the next decision."""
        change_register(row, actor=details["actor"], reason=details["reason"], at=details["at"])


class PeriodAdmin(RegisterAdmin):
    """Rows with a period: they start now or later, are ended instead of deleted, and are fixed once started."""

    fixed_once_started: ClassVar[Sequence[str]] = ()
    state = state_column(period_pill)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Make the decisive fields of a started row read-only: end it and add another."""
        fields = super().get_readonly_fields(request, obj)
        started = obj is not None and obj.starts_at <= get_action_time(request)
        return (*fields, *self.fixed_once_started) if started else fields


def _end(row: Any, given: dict[str, Any], request: HttpRequest) -> None:
    end_period(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def _cancel(row: Any, given: dict[str, Any], request: HttpRequest) -> None:
    cancel_period(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def cancel_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that cancels a row before it starts."""
    return RowAction(
        "cancel",
        label,
        capability,
        _cancel,
        lead=lead,
        done="Cancelled. It will never take effect.",
        applies=lambda row, at: row.starts_at > at and not row.is_cancelled,
    )


def end_act(label: str, lead: str, capability: Capability) -> RowAction:
    """Return the act that ends a row's period now."""
    return RowAction(
        "end",
        label,
        capability,
        _end,
        lead=lead,
        done="Ended. In effect from the next decision.",
        danger=True,
        applies=lambda row, at: row.starts_at < at and (row.ends_at is None or row.ends_at > at),
    )
