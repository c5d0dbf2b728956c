"""Acts, panels, summaries and pages that apps add to a person's page; each tab runs the queries of its panels only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import OF_PERSON, PeopleChangeList, filter_by_person, get_filtered_client
from paktaleem.foundation.console.requests import may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client

_THEMSELVES = "pk"

type PanelOf = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class PersonPage:
    """A read-only page about a person at ``…/<id>/<slug>/``; ``values`` returns its template context."""

    slug: str
    title: str
    capability: Capability
    template: str
    values: Callable[[HttpRequest, Any], dict[str, Any]]


@dataclass(frozen=True)
class PersonTab:
    code: str
    name: Promise
    capability: Capability = Capability.VIEW_SUBJECTS


OVERVIEW = PersonTab("", _("Overview"))
TIMELINE = PersonTab("timeline", _("Timeline"), Capability.VIEW_CONSENTS)
HOLDINGS = PersonTab("holdings", _("Holdings"), Capability.VIEW_HOLDINGS)
REQUESTS = PersonTab("requests", _("Requests"), Capability.VIEW_RIGHTS_REQUESTS)
ORDERS = PersonTab("orders", _("Orders"), Capability.VIEW_RECORDS)
DISCLOSURES = PersonTab("disclosures", _("Disclosures"), Capability.VIEW_RECORDS)
LOOKS = PersonTab("looks", _("Who looked"), Capability.VIEW_RECORDS)
TABS = (OVERVIEW, TIMELINE, HOLDINGS, REQUESTS, ORDERS, DISCLOSURES, LOOKS)


@dataclass(frozen=True)
class PersonPanel:
    """A panel on one tab; ``place``: those with a lower one come first."""

    tab: PersonTab
    panel: PanelOf
    place: int = 9


@dataclass(frozen=True)
class SummaryLine:
    """A line of the summary: what it is about, the answer, and the page that shows more."""

    label: str
    answer: str | SafeString
    url: str = ""


class PersonRows:
    """Mixin for the admin of rows about people: list and export have the filters of people, within one client."""

    person_field: ClassVar[str] = ""
    """The field of the person whom a row is about; ``pk`` if the rows are people; empty for no filters."""

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:
        return lookup == OF_PERSON or super().lookup_allowed(lookup, value, request)  # type: ignore[misc]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        shown = list(super().get_list_filter(request))  # type: ignore[misc]
        if self.person_field and get_filtered_client(request) is not None:
            kinds = person_filters if self.person_field == _THEMSELVES else (*person_filters, *person_row_filters)
            shown += [filter_by_person(kind, self.person_field) for kind in kinds]
        return shown

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PeopleChangeList]:  # noqa: ARG002
        return PeopleChangeList


type SummaryOf = Callable[[HttpRequest, Any], Sequence[SummaryLine]]

person_acts: ExtensionPoint[RowAction] = ExtensionPoint("console.person_acts", "Acts on every person's page.")
person_pages: ExtensionPoint[PersonPage] = ExtensionPoint("console.person_pages", "Pages about every person.")
person_filters: ExtensionPoint[type[SimpleListFilter]] = ExtensionPoint(
    "console.person_filters", "Filters of the list of people within one client."
)
person_row_filters: ExtensionPoint[type[SimpleListFilter]] = ExtensionPoint(
    "console.person_row_filters", "Filters by people on lists of rows about them, beside those of the list of people."
)
person_panels: ExtensionPoint[PanelOf | PersonPanel] = ExtensionPoint(
    "console.person_panels", "Panels on every person's page: a template and its values, or None."
)
person_summaries: ExtensionPoint[SummaryOf] = ExtensionPoint(
    "console.person_summaries", "Lines of the summary of every person: answers, and what is open."
)


def on_tab(tab: PersonTab, *, place: int = 9) -> Callable[[PanelOf], PanelOf]:
    """Connect a panel to a tab, which has a capability; ``person_panels.connect`` puts it on the first, at its end."""

    def connect(panel: PanelOf) -> PanelOf:
        person_panels.connect(PersonPanel(tab, panel, place))
        return panel

    return connect


def list_url_of_person(model: type[Model], person_id: UUID) -> str:
    """Return the URL of the list of a model, with the rows whose ``subject`` is one person."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", current_app=site.name)
    return f"{url}?{OF_PERSON}={person_id}"


def list_tabs(request: HttpRequest, row: Any) -> list[PersonTab]:
    return [tab for tab in TABS if may(request, tab.capability, row.client_id)]


def find_tab(request: HttpRequest, row: object) -> PersonTab:
    """Return the tab of the URL; the first if there is none, or the user may not open it."""
    wanted = request.GET.get("tab", "")
    return next((tab for tab in list_tabs(request, row) if tab.code == wanted), OVERVIEW)


def panels_of(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """Return the panels of one person on the chosen tab, all in one context of the person's client."""
    tab = find_tab(request, row)
    declared = (one if isinstance(one, PersonPanel) else PersonPanel(OVERVIEW, one) for one in person_panels)
    panels = sorted(declared, key=lambda one: one.place)
    with in_client(row.client_id):
        found = [one.panel(request, row) for one in panels if one.tab == tab]
    return [one for one in found if one is not None]
