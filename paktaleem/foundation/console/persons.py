"""Registry of panels, row actions and pages that other apps add to a person's page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act

__all__ = [
    "PersonPage",
    "add_person_acts",
    "add_person_page",
    "add_person_panel",
    "person_acts",
    "person_pages",
    "person_panels",
]

type PanelOf = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class PersonPage:
    """A read-only page about a person at ``…/<id>/<slug>/``; ``values`` returns its template context."""

    slug: str
    title: str
    capability: Capability
    template: str
    values: Callable[[HttpRequest, Any], dict[str, Any]]


_ACTS: list[Act] = []
_PAGES: list[PersonPage] = []
_PANELS: list[PanelOf] = []


def add_person_acts(*acts: Act) -> None:
    """Register row actions for every person's page."""
    _ACTS.extend(acts)


def add_person_panel(panel: PanelOf) -> PanelOf:
    """Register a panel for every person's page (a decorator); it returns a template and its values, or None."""
    _PANELS.append(panel)
    return panel


def add_person_page(page: PersonPage) -> PersonPage:
    """Register a page about every person."""
    _PAGES.append(page)
    return page


def person_pages() -> Sequence[PersonPage]:
    """Return the registered pages."""
    return tuple(_PAGES)


def person_acts() -> Sequence[Act]:
    """Return the registered row actions."""
    return tuple(_ACTS)


def person_panels(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """Return the panels of one person."""
    found = (panel(request, row) for panel in _PANELS)
    return [one for one in found if one is not None]
