"""Detect whether a console page is about a sandbox, to mark it as such."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import get_filtered_client
from paktaleem.foundation.console.requests import get_action_time, may
from paktaleem.foundation.tenancy.context import current_client, is_in_sandbox
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@dataclass(frozen=True, slots=True)
class ShownSandbox:
    """The sandbox of a page: its current time, whether the user may control it, and its name for officers."""

    id: UUID
    now: datetime
    may_play: bool
    name: str = ""


def find_shown_sandbox(request: HttpRequest, page: Mapping[Any, Any]) -> ShownSandbox | None:
    """Return the sandbox that a page (its template context) is about, or None.

    For a user of a sandbox, that is every page; for an officer, a page about one of its rows or a list filtered by it.
    """
    actor, own = getattr(request, "actor", None), current_client()
    if is_in_sandbox() and own is not None:
        return ShownSandbox(own, get_action_time(request), may(request, Capability.USE_SANDBOX, own))
    if actor is None or actor.client_id is not None:
        return None
    row = page.get("original") or page.get("row")
    client_id = getattr(row, "client_id", None) if row else get_filtered_client(request)
    if client_id is None or client_id == PAKTALEEM:
        return None
    found = Client.objects.filter(pk=client_id, is_sandbox=True).only("name", "clock_offset").first()
    if found is None:
        return None
    may_play = may(request, Capability.USE_SANDBOX, found.pk)
    return ShownSandbox(found.pk, get_arrival_time(request) + found.clock_offset, may_play, found.name)
