"""Reads of schools, classes and enrolments; and people chosen together, by ids or by school, class, grade and role."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.utils.translation import gettext

from paktaleem.directory.people.models import Subject, having_role
from paktaleem.directory.people.selectors import filter_by_id_prefix
from paktaleem.directory.schools.models import ClassTerm, Enrolment, EnrolmentRole, School, SchoolClass, Term
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.school_limits import IsAmong


class _HasGrade(Func):
    """The condition of the indexes by grade, as a literal: see ``HasSeveralRoles``."""

    template = "NOT (%(expressions)s = '')"
    output_field = BooleanField()

    def __init__(self) -> None:
        super().__init__(F("grade"))


PUPILS = ("student", "learner")
"""Roles of pupils. Only who has no other role can leave: a learner who also teaches stays."""
CLASS_ID, SCHOOL_ID = "school_class__external_id", "school_class__school__external_id"
"""Columns of enrolments: the LMS ids of the class and of its school."""


def is_only_pupil(subject: Subject) -> bool:
    """Return True if all roles of a person are roles of pupils."""
    return {subject.role, *subject.other_roles} <= set(PUPILS)


def where_current(day: date) -> Q:
    """Return the condition of enrolments in effect on a day."""
    return Q(starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gt=day))


def list_school_names(school_ids: Iterable[UUID], *, most: int = 4) -> list[str]:
    """List the names of up to ``most`` of the schools with these ids, and how many others there are."""
    rows = School.objects.filter(pk__in=list(school_ids)).order_by("name", "pk")
    names = list(rows.values_list("name", flat=True))
    others = gettext("{count} more").format(count=len(names) - most)
    return [*names[:most], others] if len(names) > most else names


def list_enrolments(subject: Subject) -> QuerySet[Enrolment]:
    """List a person's enrolments, the latest first, with class and school."""
    rows = Enrolment.objects.filter(client_id=subject.client_id, subject=subject)
    return rows.select_related("school_class__school").order_by("-starts_on", "-id")


def list_moving_enrolments(
    client_id: UUID, people: Collection[UUID], *, leaving: Collection[UUID] | None, joining: Collection[UUID], on: date
) -> QuerySet[Enrolment]:
    """List the enrolments of pupils that a move would end: those in ``leaving`` (None: all), not ``joining``."""
    rows = Enrolment.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), client_id=client_id, subject_id__in=people)
    rows = rows.filter(role=EnrolmentRole.STUDENT, ended_at=None).exclude(school_class_id__in=joining)
    rows = rows if leaving is None else rows.filter(school_class_id__in=leaving)
    return rows.select_related("school_class__school", "subject").order_by("subject_id", "school_class_id", "pk")


def select_current_enrolments(client_id: UUID, on: date) -> QuerySet[Enrolment]:
    """Select a client's enrolments that are in effect on a day."""
    return Enrolment.objects.filter(where_current(on), client_id=client_id)


def filter_by_grades(
    people: QuerySet[Subject], client_id: UUID, enrolments: QuerySet[Enrolment], grades: Collection[str]
) -> QuerySet[Subject]:
    """Return those of a client's people who are in one of the grades, as ``parse_grade`` writes them.

    The ids are read once, as an array: a join would read them again for each of the people.
    """
    own, by_class = select_in_grades(client_id, enrolments, grades)
    ids = ArraySubquery(own.values("pk").union(by_class.values("subject_id")).order_by())
    return people.filter(IsAmong(F("pk"), ids))


def select_in_grades(
    client_id: UUID, enrolments: QuerySet[Enrolment], grades: Collection[str]
) -> tuple[QuerySet[Subject], QuerySet[Enrolment]]:
    """Select the people whose own grade is one of these, and the enrolments in their classes of pupils without one."""
    own = Subject.objects.filter(_HasGrade(), client_id=client_id, grade__in=grades)
    rows = enrolments.filter(role=EnrolmentRole.STUDENT, subject__grade="")
    return own, rows.filter(school_class__client_id=client_id, school_class__grade__in=grades)


def find_unknown_grades(client_id: UUID, grades: Collection[str]) -> list[str]:
    """Return those of the grades that no person and no class in use of a client has."""
    people = Subject.objects.filter(_HasGrade(), client_id=client_id, grade__in=grades).order_by()
    classes = SchoolClass.objects.filter(client_id=client_id, ended_at=None, grade__in=grades).order_by()
    known = {*people.values_list("grade", flat=True).distinct(), *classes.values_list("grade", flat=True).distinct()}
    return sorted({*grades} - known)


def find_unknown_places(client_id: UUID, external_ids: Collection[str]) -> list[str]:
    """Return those of the LMS ids that no class or school in use of a client has."""
    unknown = {*external_ids}
    for model in (SchoolClass, School):
        rows = model._default_manager.filter(client_id=client_id, ended_at=None, external_id__in=external_ids)
        unknown -= {*rows.values_list("external_id", flat=True)}
    return sorted(unknown)


def list_people_of_class(school_class: SchoolClass, *, on: date) -> QuerySet[Enrolment]:
    """List the enrolments of a class that are in effect on a day: teachers first, then by LMS id."""
    rows = Enrolment.objects.filter(where_current(on), client_id=school_class.client_id, school_class=school_class)
    return rows.select_related("subject").order_by("-role", "subject__external_id", "id")


def list_terms_of_class(school_class: SchoolClass) -> QuerySet[Term]:
    """List the terms in which a class takes place, the earliest first."""
    links = ClassTerm.objects.filter(client_id=school_class.client_id, school_class=school_class)
    rows = Term.objects.filter(client_id=school_class.client_id, id__in=links.values("term_id"))
    return rows.order_by("starts_on", "title", "id")


MOST_OFFERED = 200
"""Largest number of schools and of classes that a form suggests; others can be typed."""

type PlaceModel = type[School | SchoolClass]
_BOTH: tuple[PlaceModel, ...] = (School, SchoolClass)


@dataclass(frozen=True, slots=True)
class Place:
    """A school or a class in use, with its LMS id; the name of a class ends with the school's."""

    key: UUID
    external_id: str
    name: str


def find_places(client_id: UUID, text: str, of: Collection[PlaceModel] = _BOTH) -> list[Place]:
    """Return the schools and classes in use with this LMS id; if there is none, those with this name, in any case."""
    for condition in ("external_id", "name__iexact"):
        found = [one for model in of for one in read_places(model, client_id, **{condition: text})]
        if found:
            return found
    return []


def read_places(model: PlaceModel, client_id: UUID, **where: Any) -> list[Place]:
    """List the schools or classes in use at a client in the order of their LMS ids, up to ``MOST_OFFERED``."""
    rows: Any = model.objects.filter(client_id=client_id, ended_at=None).order_by("external_id")
    if model is SchoolClass:
        rows = rows.select_related("school").annotate(name=F("title"))
    return [Place(row.pk, row.external_id, format_place(row)) for row in rows.filter(**where)[:MOST_OFFERED]]


def format_place(row: School | SchoolClass) -> str:
    """Return the name of a school, or that of a class with its school."""
    school = row.school if isinstance(row, SchoolClass) else None
    return f"{row} ({school})" if school else str(row)


# A grade is kept in clear, because lists of many people are filtered by it, and the title of a class says the same. A
# pupil without a grade has that of the class, derived when people are chosen.


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that the chosen people meet, all of them; an empty one is no condition.

    ``beginning`` is how LMS ids begin, without ``ids``. Of ``places`` (LMS ids of schools or classes) and of ``grades``
    one is enough. ``role`` is main or other.
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
        given: dict[str, Any] = json.loads(text)
        given |= {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return cls(**given)


EVERYONE = Selection()
"""No condition."""


def select_chosen(people: QuerySet[Subject], chosen: Selection, *, client: Client, at: datetime) -> QuerySet[Subject]:
    """Return those of the client's people who are chosen; school, class and grade are those of the day of ``at``."""
    enrolments = select_current_enrolments(client.pk, client.day_at(at))
    if chosen.ids:
        people = people.filter(external_id__in=chosen.ids)
    elif chosen.beginning:
        people = filter_by_id_prefix(people, chosen.beginning)
    if chosen.places:
        there = Q(**{f"{CLASS_ID}__in": chosen.places}) | Q(**{f"{SCHOOL_ID}__in": chosen.places})
        people = people.filter(pk__in=enrolments.filter(there).values("subject_id"))
    if chosen.grades:
        people = filter_by_grades(people, client.pk, enrolments, chosen.grades)
    return people.filter(having_role(chosen.role)) if chosen.role else people
