"""A registry: what the apps above the subjects add to a person's page (panels, acts, and pages of their own)."""

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
    """One page about a person at ``…/<id>/<slug>/``, read only: ``values`` gives what its template shows."""

    slug: str
    title: str
    capability: Capability
    template: str
    values: Callable[[HttpRequest, Any], dict[str, Any]]


_ACTS: list[Act] = []
_PAGES: list[PersonPage] = []
_PANELS: list[PanelOf] = []


def add_person_acts(*acts: Act) -> None:
    """Add acts to every person's page."""
    _ACTS.extend(acts)


def add_person_panel(panel: PanelOf) -> PanelOf:
    """Add a panel to every person's page (a decorator); it gives a template and its values, or None."""
    _PANELS.append(panel)
    return panel


def add_person_page(page: PersonPage) -> PersonPage:
    """Add a page about every person."""
    _PAGES.append(page)
    return page


def person_pages() -> Sequence[PersonPage]:
    """Give the pages that were added."""
    return tuple(_PAGES)


def person_acts() -> Sequence[Act]:
    """Give the acts that were added."""
    return tuple(_ACTS)


def person_panels(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """Give the panels of one person."""
    found = (panel(request, row) for panel in _PANELS)
    return [one for one in found if one is not None]
