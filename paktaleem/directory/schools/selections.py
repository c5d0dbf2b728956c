"""People chosen together: by LMS ids, or by school, class, grade and role. One form of it for every act."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import QuerySet

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import having_role
from paktaleem.directory.people.selectors import filter_by_id_prefix
from paktaleem.directory.schools.selectors import filter_by_grade, filter_by_place, get_day
from paktaleem.foundation.accounts.models import Client

__all__ = ["EVERYONE", "Selection", "select_chosen"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that the chosen people meet, all of them; an empty one is no condition.

    ``ids`` are LMS ids; without any, ``beginning`` is how the LMS ids begin. ``place`` is the LMS id of a school or a
    class, ``grade`` a grade as ``parse_grade`` writes it, ``role`` a role that they have, main or other.
    """

    ids: tuple[str, ...] = ()
    beginning: str = ""
    place: str = ""
    grade: str = ""
    role: str = ""

    def to_text(self) -> str:
        """Return the conditions as a text for the arguments of a job. Ids are left out: they do not go into a queue."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "ids"})

    @classmethod
    def from_text(cls, text: str) -> "Selection":
        """Return the conditions that ``to_text`` wrote."""
        return cls(**json.loads(text))


EVERYONE = Selection()
"""No condition."""


def select_chosen(people: QuerySet[Subject], chosen: Selection, *, client: Client, at: datetime) -> QuerySet[Subject]:
    """Return those of the client's people who are chosen; school, class and grade are those of the day of ``at``."""
    today = get_day(client, at)
    if chosen.ids:
        people = people.filter(external_id__in=chosen.ids)
    elif chosen.beginning:
        people = filter_by_id_prefix(people, chosen.beginning)
    if chosen.place:
        people = filter_by_place(people, client.pk, chosen.place, on=today)
    if chosen.grade:
        people = filter_by_grade(people, client.pk, chosen.grade, on=today)
    return people.filter(having_role(chosen.role)) if chosen.role else people
