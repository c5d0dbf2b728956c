"""Acts, panels and pages that apps add to a person's page in the console."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import TypedFilter
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["PersonPage", "panels_of", "person_acts", "person_filters", "person_pages", "person_panels"]

type PanelOf = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class PersonPage:
    """A read-only page about a person at ``…/<id>/<slug>/``; ``values`` returns its template context."""

    slug: str
    title: str
    capability: Capability
    template: str
    values: Callable[[HttpRequest, Any], dict[str, Any]]


person_acts: ExtensionPoint[RowAction] = ExtensionPoint("console.person_acts", "Acts on every person's page.")
person_pages: ExtensionPoint[PersonPage] = ExtensionPoint("console.person_pages", "Pages about every person.")
person_filters: ExtensionPoint[type[TypedFilter]] = ExtensionPoint(
    "console.person_filters", "Filters of the list of people within one client."
)
person_panels: ExtensionPoint[PanelOf] = ExtensionPoint(
    "console.person_panels", "Panels on every person's page: a template and its values, or None."
)


def panels_of(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """Return the panels of one person, all in one context of the person's client."""
    with in_client(row.client_id):
        found = [panel(request, row) for panel in person_panels]
    return [one for one in found if one is not None]
