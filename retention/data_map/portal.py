"""Holdings of the portal itself, as a system of the data map: derived from its tables, without rows."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.utils.translation import get_language

from consent.notices.selectors.registers import map_category_names
from paktaleem.directory.people.copies.declarations import Section
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.foundation.tenancy.operations import find_table_policy, list_table_policies
from paktaleem.foundation.tenancy.tables import Personal, Scope
from paktaleem.foundation.upkeep.periods.kinds import Unit
from paktaleem.foundation.upkeep.periods.services import KindLine, describe_period, list_published_periods
from retention.data_map.lines import PortalLine

_ABOUT_PEOPLE = {Personal.SEALED, Personal.PSEUDONYM}


@dataclass(frozen=True, slots=True)
class PortalHolding:
    """Data of one kind that the portal holds of a client's people, with its period (``KindLine``).

    ``sections`` are what a copy shows of it: they name the fields, and the data categories of the register.
    """

    line: KindLine
    sections: tuple[Section, ...]

    @property
    def categories(self) -> frozenset[str]:
        """Return the codes of the data categories; none for evidence and what else is no type of data."""
        return frozenset(section.category for section in self.sections) - {""}


def list_portal_holdings() -> list[PortalHolding]:
    """List what the portal holds of a client's people, by kind of data (``TablePolicy.disposed_as``); one query.

    People have data in a table of clients that a copy shows, or that has sealed or pseudonymous fields. A kind that no
    table names, and that is disposed of by client, ends a part of a person's data earlier.
    """
    sections: defaultdict[str, list[Section]] = defaultdict(list)
    for section in list_sections():
        policy = find_table_policy(apps.get_model(section.tables[0]))
        if policy is not None and policy.scope is Scope.TENANT:
            sections[policy.disposed_as].append(section)
    policies = list_table_policies().values()
    named = {policy.disposed_as for policy in policies}
    about_people = {
        policy.disposed_as
        for policy in policies
        if policy.scope is Scope.TENANT and _ABOUT_PEOPLE & {*policy.personal.values()}
    }
    lines = [
        line
        for line in list_published_periods()
        if line.kind.code in about_people | sections.keys()
        or (line.kind.code not in named and line.kind.purge_all is None)
    ]
    return [PortalHolding(line, tuple(sections[line.kind.code])) for line in lines]


def list_portal_lines(client_id: UUID) -> tuple[PortalLine, ...]:
    """List what the portal holds of a client's people, in the current language; two queries."""
    names = map_category_names(client_id, language=get_language() or "en")
    return tuple(
        PortalLine(
            code=one.line.kind.code,
            name=str(one.line.kind.name),
            contents=tuple(str(section.title) for section in one.sections),
            categories={code: names.get(code, code) for code in sorted(one.categories)},
            counted_from=str(one.line.kind.counted_from),
            period=describe_period(one.line),
            duration=_to_duration(one.line),
            disposal=str(one.line.kind.disposal.label),
        )
        for one in list_portal_holdings()
    )


def _to_duration(line: KindLine) -> str:
    if line.kind.bounds is None or line.length is None:
        return ""
    return f"PT{line.length}H" if line.kind.bounds.unit is Unit.HOURS else f"P{line.length}D"
