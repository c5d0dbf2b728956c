"""Console pages for systems that hold personal data, and for the API keys that act for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from paktaleem.directory.data_systems.category_models import category_models
from paktaleem.directory.data_systems.models.systems import System, SystemKey
from paktaleem.directory.data_systems.services.registering import (
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, is_other_person
from paktaleem.foundation.console.columns import period_pill, staff_name, state_column
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.register_names import format_categories
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site


def _step(service: Callable[..., System]) -> Callable[[System, dict[str, Any], HttpRequest], None]:
    def perform(system: System, given: dict[str, Any], request: HttpRequest) -> None:
        service(system, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))

    return perform


def _is_in_use(system: System, at: datetime) -> bool:
    return system.ends_at is None or system.ends_at > at


def _is_end_proposed(system: System, at: datetime) -> bool:
    return system.proposed_by is not None and _is_in_use(system, at)


@admin.register(System, site=site)
class SystemAdmin(ScopedAdmin):
    """Systems that hold personal data."""

    view_capability = Capability.VIEW_SYSTEMS
    add_capability = change_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("code", "name", "categories", "delivery", "contact", "starts_at")
    fixed = ("code", "starts_at")
    detail_fields = ("state", "proposer", "proposed_at", "ends_at")
    list_display = ("name", "code", "holds", "delivery", "state", "owner")
    list_filter = ("delivery", "client")
    search_fields = ("code", "name")
    codes = {"categories": category_models}
    intro = (
        "Systems that hold personal data. An order about a person goes to each system that holds the data it is about: "
        "the client’s own, and PakTaleem’s, which serve every client."
    )
    empty_text = "No system has been registered: no one is notified when data must be corrected or erased."
    state = state_column(period_pill)
    acts = (
        RowAction(
            "end",
            "End system",
            Capability.MANAGE_SYSTEMS,
            _step(propose_system_end),
            lead="Orders are sent there until a second person agrees: make sure that it holds no data any more.",
            done="Proposed: a second person must agree.",
            danger=True,
            applies=lambda row, at: _is_in_use(row, at) and not _is_end_proposed(row, at),
        ),
        RowAction(
            "agree",
            "Agree to end it",
            Capability.MANAGE_SYSTEMS,
            _step(end_system),
            lead="You are the second person. No further orders are sent there, whatever data it still holds. Open "
            "orders must still be answered or waived.",
            done="Ended.",
            danger=True,
            step_up=True,
            applies=_is_end_proposed,
            offered_to=is_other_person,
            refusals={ApproverIsRequester: "You proposed this yourself: someone else must agree."},
        ),
        RowAction(
            "decline",
            "Keep the system",
            Capability.MANAGE_SYSTEMS,
            _step(keep_system),
            lead="The proposal to end the system is declined.",
            done="Kept.",
            applies=_is_end_proposed,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate who proposed the end."""
        found: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = found.annotate(proposer_name=staff_name("proposed_by", actor_of(request)))
        return named

    @admin.display(description="end proposed by")
    def proposer(self, row: Any) -> str:
        """Return the email address of the person who proposed the end."""
        return row.proposer_name or ("—" if row.proposed_by is None else gettext("Former staff"))

    def write(self, row: System, **details: Any) -> None:
        """Register or change the system."""
        change_system(row, actor=details["actor"], reason=details["reason"], at=details["at"])

    @admin.display(description="data it holds")
    def holds(self, row: System) -> str:
        """Return the categories."""
        return format_categories(row.categories, row.client_id)


def _end_key(key: SystemKey, given: dict[str, Any], request: HttpRequest) -> None:
    end_system_key(key, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


@admin.register(SystemKey, site=site)
class SystemKeyAdmin(ScopedAdmin):
    """API keys and the systems they act for."""

    view_capability = Capability.VIEW_SYSTEMS
    add_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("key_name", "system")
    detail_fields = ("state", "starts_at", "ends_at")
    list_display = ("key_name", "system", "state", "starts_at", "owner")
    list_filter = ("client",)
    intro = (
        "A caller with a key of this name acts for the system and sees only its orders. A rotated key keeps its name "
        "and continues to work. PakTaleem’s systems have a separate key at each client."
    )
    empty_text = "No API key belongs to a system yet."
    state = state_column(period_pill)
    acts = (
        RowAction(
            "end",
            "Stop the key from acting",
            Capability.MANAGE_SYSTEMS,
            _end_key,
            lead="The next request for orders with this key is refused. The key itself stays valid: revoke it on the "
            "page of API keys.",
            done="Ended: the next request for orders is refused.",
            danger=True,
            applies=lambda row, _at: row.ends_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related system."""
        return super().get_queryset(request).select_related("system")

    def write(self, row: SystemKey, **details: Any) -> None:
        """Let the key act for the system."""
        assign_key(row, actor=details["actor"], reason=details["reason"], at=details["at"])
