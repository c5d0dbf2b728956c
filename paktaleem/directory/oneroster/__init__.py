"""Read OneRoster 1.1 and 1.2 CSV packages, bulk and delta: ``with open_roster(path) as roster: roster.people()``.

Pure: no Django, no database, no clock. Memory holds ids, roles, birth dates and relations, never rows.
"""

from paktaleem.directory.oneroster.oddities import Oddity
from paktaleem.directory.oneroster.people import GuardianRelation, Person, Place
from paktaleem.directory.oneroster.problems import Problem, RosterInvalid
from paktaleem.directory.oneroster.relations import DeltaRelation
from paktaleem.directory.oneroster.roster import Roster, open_roster

__all__ = [
    "DeltaRelation",
    "GuardianRelation",
    "Oddity",
    "Person",
    "Place",
    "Problem",
    "Roster",
    "RosterInvalid",
    "open_roster",
]
