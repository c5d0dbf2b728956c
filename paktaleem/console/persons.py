"""A registry: what the apps above the subjects add to a person's page (panels and acts)."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest

from paktaleem.console.acts import Act

__all__ = ["add_person_acts", "add_person_panel", "person_acts", "person_panels"]

type PanelOf = Callable[[HttpRequest, Any], dict[str, Any] | None]

_ACTS: list[Act] = []
_PANELS: list[PanelOf] = []


def add_person_acts(*acts: Act) -> None:
    """Add acts to every person's page."""
    _ACTS.extend(acts)


def add_person_panel(panel: PanelOf) -> PanelOf:
    """Add a panel to every person's page (a decorator); it gives a template and its values, or None."""
    _PANELS.append(panel)
    return panel


def person_acts() -> Sequence[Act]:
    """Give the acts that were added."""
    return tuple(_ACTS)


def person_panels(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """Give the panels of one person."""
    found = (panel(request, row) for panel in _PANELS)
    return [one for one in found if one is not None]
