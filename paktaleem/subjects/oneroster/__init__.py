"""Read OneRoster 1.1 bulk CSV packages: `with open_roster(path) as roster: roster.people()`.

Pure: no Django, no database, no clock. Memory holds ids, roles, birth dates and relations, never rows.
"""

from paktaleem.subjects.oneroster.problems import Problem, RosterInvalid
from paktaleem.subjects.oneroster.roster import GuardianRelation, Person, Roster, open_roster

__all__ = ["GuardianRelation", "Person", "Problem", "Roster", "RosterInvalid", "open_roster"]
