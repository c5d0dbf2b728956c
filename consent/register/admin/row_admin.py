"""Base classes of the register's pages; every row is written through ``change_register``."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest

from consent.register.services.register import change_register
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, state_column
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import get_action_time


class RegisterAdmin(ScopedAdmin):
    """A kind of register row; a client's own rows are editable, shared rows read-only."""

    view_capability = Capability.VIEW_REGISTER
    add_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER
    change_capability: ClassVar[Capability | None] = Capability.MANAGE_REGISTER

    def write(self, row: Any, **details: Any) -> None:
        change_register(row, actor=details["actor"], reason=details["reason"], at=details["at"])


class PeriodAdmin(RegisterAdmin):
    """Rows with a period: they start now or later, are ended instead of deleted, and are fixed once started."""

    fixed_once_started: ClassVar[Sequence[str]] = ()
    state = state_column(period_pill)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        started = obj is not None and obj.starts_at <= get_action_time(request)
        return (*fields, *self.fixed_once_started) if started else fields
