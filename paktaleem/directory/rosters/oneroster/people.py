"""What a roster gives out, whatever file it came in: people, relations, and where each stands."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a roster tells of them; `external_id` is the id in the school's system, `role` ours.

    `country` is where they live, which says how old they must be to decide.

    None: the roster does not say (a delta may tell of a role or a birth date alone). Empty: it says there is none.
    `gone` is one whom the roster declares to be deleted at the source.
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person stands: the file and the row as a spreadsheet counts."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class GuardianRelation:
    """A claim of the school that `guardian` is the `relationship` of `child`: no consent, no proof."""

    child: str
    guardian: str
    relationship: str
