"""The output of a roster in any format: people, relations and their places in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto


class StatedRoles(Enum):
    """Extent of the roles that a roster states of each person."""

    MAIN = auto()
    """the main role, and perhaps others; it cannot say that a person has no others (OneRoster 1.1, spreadsheets)"""
    ALL = auto()
    """all roles (a complete OneRoster 1.2 package)"""
    CHANGES = auto()
    """roles that were added or ended (a delta of OneRoster 1.2)"""


@dataclass(frozen=True, slots=True)
class Person:
    """A person in a roster; `external_id` is the id in the school's system, `role` one of the portal's roles.

    `role` is the main role, `other_roles` those besides it, `ended_roles` those that a delta declares deleted.
    `country` is the country of residence, which selects the age threshold. None: the roster does not state the field (a
    delta may hold only a role or a birth date). Empty: the roster states that there is no value. `gone` marks a person
    declared deleted at the source. `texts` are the other text fields of the registry of fields that the roster states.
    """

    external_id: str
    role: str | None
    full_name: str | None
    email: str | None
    phone: str | None
    birth_date: date | None
    enabled: bool | None
    language: str | None = None
    country: str | None = None
    gone: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    other_roles: tuple[str, ...] = ()
    ended_roles: tuple[str, ...] = ()
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Position of a person: the file and the row as a spreadsheet counts it."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class GuardianRelation:
    """A school's claim that `guardian` is the `relationship` of `child`: neither consent nor proof."""

    child: str
    guardian: str
    relationship: str
