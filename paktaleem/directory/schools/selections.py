"""People chosen together: by LMS ids, or by school, class, grade and role. One form of it for every act."""

# A grade is kept in clear, because lists of many people are filtered by it, and the title of a class says the same. A
# pupil without a grade has that of the class, derived when people are chosen.

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import having_role
from paktaleem.directory.people.selectors import filter_by_id_prefix
from paktaleem.directory.schools.selectors import filter_by_grades, filter_by_places, get_day, select_current_enrolments
from paktaleem.foundation.accounts.models import Client


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that the chosen people meet, all of them; an empty one is no condition.

    ``ids`` are LMS ids; without any, ``beginning`` is how the LMS ids begin. ``places`` are LMS ids of schools or
    classes, ``grades`` are grades as ``parse_grade`` writes them; one of them is enough. ``role`` is a role that they
    have, main or other.
    """

    ids: tuple[str, ...] = ()
    beginning: str = ""
    places: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    role: str = ""

    def to_text(self) -> str:
        """Return the conditions as a text for the arguments of a job. Ids are left out: they do not go into a queue."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "ids"})

    @classmethod
    def from_text(cls, text: str) -> "Selection":
        """Return the conditions that ``to_text`` wrote."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
        }
        return cls(**given)


EVERYONE = Selection()
"""No condition."""


def select_chosen(people: QuerySet[Subject], chosen: Selection, *, client: Client, at: datetime) -> QuerySet[Subject]:
    """Return those of the client's people who are chosen; school, class and grade are those of the day of ``at``."""
    enrolments = select_current_enrolments(client.pk, get_day(client, at))
    if chosen.ids:
        people = people.filter(external_id__in=chosen.ids)
    elif chosen.beginning:
        people = filter_by_id_prefix(people, chosen.beginning)
    if chosen.places:
        people = filter_by_places(people, enrolments, chosen.places)
    if chosen.grades:
        people = filter_by_grades(people, client.pk, enrolments, chosen.grades)
    return people.filter(having_role(chosen.role)) if chosen.role else people
