"""Query the data map, and compare it with what systems report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef

from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.rests_on import RestsOn
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.data_map.lines import PortalLine
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_lines
from retention.holdings.models import Holding

_LISTS = ("roles", "purposes", "countries")


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """Declaration of one category of a system: codes of roles, purposes and countries, and the key of people.

    Its lists are sorted and without repetitions, and countries in capitals, so that two declarations can be compared.
    """

    category: str
    roles: list[str]
    purposes: list[str]
    countries: list[str]
    found_by: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "countries", [code.strip().upper() for code in self.countries])
        for name in _LISTS:
            object.__setattr__(self, name, sorted(set(getattr(self, name))))

    @classmethod
    def of(cls, line: MapLine) -> Self:
        """Return what a line declares."""
        lists = {name: getattr(line, name) for name in _LISTS}
        return cls(category=line.category, found_by=line.found_by, **lists)


@dataclass(frozen=True, slots=True)
class MapCell:
    """One category of one system: its line if it is declared, and the number of people of whom it is reported.

    ``is_registered`` is True if orders about the category go to the system.
    """

    category: str
    is_registered: bool
    line: MapLine | None
    people: int

    def is_confirmed(self, at: datetime) -> bool:
        """Return True if the client has confirmed the line within a year."""
        return self.line is not None and self.line.confirmed_at is not None and self.line.confirm_by > at


@dataclass(frozen=True, slots=True)
class MapRow:
    """The cells of one system, one for each category of the map, in the same order for all systems."""

    system: System
    cells: tuple[MapCell, ...]


@dataclass(frozen=True, slots=True)
class DataMap:
    """The categories of a client's map, the row of each system, and what the portal itself holds."""

    categories: tuple[str, ...]
    rows: tuple[MapRow, ...]
    portal: tuple[PortalLine, ...]


def list_declared(client_id: UUID) -> set[tuple[str, str]]:
    """Return what systems declare to hold of a client's people: codes of the system and the category."""
    lines = MapLine.objects.current().filter(client_id=client_id)
    return set(lines.order_by().values_list("system__code", "category"))


def list_only_declared(person: Subject) -> list[MapLine]:
    """List what the data map declares for a person's roles and no system has reported about them, with systems.

    Nothing is listed about an erased person: what they had is in the certificate.
    """
    if person.erased_at is not None:
        return []
    reported = Holding.objects.filter(
        client_id=person.client_id, subject=person, system=OuterRef("system"), category=OuterRef("category")
    )
    lines = MapLine.objects.current().filter(
        ~Exists(reported), client_id=person.client_id, roles__overlap=[person.role, *person.other_roles]
    )
    return list(lines.select_related("system").order_by("system__name", "category"))


def find_bases(client_id: UUID, orders: Sequence[Order]) -> dict[UUID, dict[str, RestsOn]]:
    """Return what orders about people of a client rest on, by order and category; two queries."""
    held = Holding.objects.filter(client_id=client_id, subject__in={order.subject_id for order in orders}).order_by()
    reported = set(held.values_list("subject_id", "system_id", "category"))
    declared = list_declared(client_id)
    return {
        order.pk: {
            category: RestsOn(
                confirmed_at=order.confirmed_at,
                is_reported=(order.subject_id, order.system_id, category) in reported,
                is_declared=(order.system.code, category) in declared,
            )
            for category in order.categories
        }
        for order in orders
    }


def list_first_confirmations() -> dict[UUID, datetime]:
    """Return when the first current line of each client is to be confirmed."""
    lines = MapLine.objects.current().order_by().values_list("client_id")
    return dict(lines.annotate(first=Min("confirm_by")))


def list_lines(system: System, *, client_id: UUID) -> list[MapLine]:
    """List the current lines of a system at a client, by category."""
    return list(MapLine.objects.current().filter(client_id=client_id, system=system).order_by("category"))


def compare(system: System, declared: Sequence[Declaration], *, client_id: UUID) -> dict[str, list[str]]:
    """Return what declarations would change, by category: added, changed, ended; and ``undeclared``.

    ``undeclared`` are categories of which the system reported data, without a declaration.
    """
    before = {line.category: Declaration.of(line) for line in list_lines(system, client_id=client_id)}
    after = {one.category: one for one in declared}
    held = Holding.objects.held().filter(client_id=client_id, system=system).order_by()
    reported = set(held.values_list("category", flat=True).distinct())
    return {
        "added": sorted(after.keys() - before.keys()),
        "changed": sorted(code for code in after.keys() & before.keys() if after[code] != before[code]),
        "ended": sorted(before.keys() - after.keys()),
        "undeclared": sorted(reported - after.keys()),
    }


def draw_map(actor: Actor, client_id: UUID, *, at: datetime) -> DataMap:
    """Return what each system in use and the portal hold of a client's people, declared or reported; five queries.

    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_RECORDS, client_id)
    lines = {(line.system_id, line.category): line for line in MapLine.objects.current().filter(client_id=client_id)}
    held = Holding.objects.held().filter(client_id=client_id, system__isnull=False).order_by()
    people = {
        (system, category): count
        for system, category, count in held.values_list("system", "category").annotate(Count("pk"))
    }
    systems = list(System.objects.active(at).filter(client_id__in=[client_id, PAKTALEEM]).order_by("name", "pk"))
    registered = {(system.pk, category) for system in systems for category in system.categories}
    portal = list_portal_lines(client_id)
    known = {category for _system, category in registered | lines.keys() | people.keys()}
    categories = tuple(sorted(known.union(*(one.categories for one in portal))))
    rows = (
        MapRow(
            system,
            tuple(
                MapCell(
                    category,
                    (system.pk, category) in registered,
                    lines.get((system.pk, category)),
                    people.get((system.pk, category), 0),
                )
                for category in categories
            ),
        )
        for system in systems
    )
    return DataMap(categories, tuple(rows), portal)
