"""Filters of people: by school, class and grade, and in lists of rows about people by role."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from paktaleem.directory.people.grades import parse_grade
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import HasSeveralRoles, SubjectRole, having_role
from paktaleem.directory.schools.selectors import (
    filter_by_grades,
    get_day,
    select_current_enrolments,
    select_enrolments_at_school,
    select_enrolments_in_class,
    select_in_grades,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.filters import ChosenFilter, TypedFilter, get_filtered_client
from paktaleem.foundation.console.person_pages import person_filters, person_row_filters
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.tenancy.limited_lists import ArrayOfIds, IsAmong, begin_with_people


class DayFilter(TypedFilter):
    """Filter by what people are today: their school, class or grade."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who are there today."""
        value, client_id = (self.value() or "").strip(), get_filtered_client(request)
        if not value or client_id is None:
            return queryset
        today = get_day(Client.objects.get(pk=client_id), get_action_time(request))
        return self.keep(queryset, client_id, value, on=today)

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return those of the people who are there on a day."""
        raise NotImplementedError


def _list_enrolled(enrolments: QuerySet[Any], most: int) -> list[UUID]:
    """List the ids of the enrolled; more than ``most``, also the same ones again, if the enrolments are many."""
    rows = begin_with_people(enrolments).order_by().values_list("subject_id", flat=True)[: 2 * most]
    return list(rows if len(rows) == 2 * most else dict.fromkeys(rows))


class PlaceFilter(DayFilter):
    """Filter by a school or class in which people are enrolled today."""

    select: ClassVar[Any]
    """The enrolments there: of a client, by LMS id, on a day."""

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return those of the people who are enrolled there."""
        self.enrolments: QuerySet[Any] = type(self).select(client_id, value, on=on)
        return people.filter(pk__in=self.enrolments.values("subject_id"))

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read from the enrolments
        """List the ids of some of the people."""
        return _list_enrolled(self.enrolments, most)

    def find_among(self, people: QuerySet[Any], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        """Return the ids of those who are enrolled there."""
        rows = self.enrolments.filter(IsAmong(F("subject_id"), ArrayOfIds(ids)))
        return {*rows.order_by().values_list("subject_id", flat=True)}


@person_filters.connect
class SchoolFilter(PlaceFilter):
    """Filter by the LMS id of a school."""

    title = gettext_noop("school")
    parameter_name = "school"
    placeholder = gettext_noop("LMS id of a school")
    select = staticmethod(select_enrolments_at_school)


@person_filters.connect
class ClassFilter(PlaceFilter):
    """Filter by the LMS id of a class."""

    title = gettext_noop("class")
    parameter_name = "class"
    placeholder = gettext_noop("LMS id of a class")
    select = staticmethod(select_enrolments_in_class)


@person_filters.connect
class GradeFilter(DayFilter):
    """Filter by grade, in any usual writing."""

    title = gettext_noop("grade")
    parameter_name = "grade"
    placeholder = gettext_noop("Such as 7 or KG")

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return the people of the grade; none if the text is no grade."""
        try:
            grades = [parse_grade(value)]
        except ValueError:
            grades = []
        enrolments = select_current_enrolments(client_id, on)
        self.own, self.by_class = select_in_grades(client_id, enrolments, grades)
        return filter_by_grades(people, client_id, enrolments, grades)

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        """List the ids of some of the people: those whose own grade it is, then those of its classes."""
        own = begin_with_people(self.own).order_by().values_list("pk", flat=True)[:most]
        return [*own, *_list_enrolled(self.by_class, most)]

    def find_among(self, people: QuerySet[Any], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        """Return the ids of those who are in the grade."""
        own = self.own.filter(IsAmong(F("pk"), ArrayOfIds(ids))).order_by().values_list("pk", flat=True)
        rows = self.by_class.filter(IsAmong(F("subject_id"), ArrayOfIds(ids))).order_by()
        return {*own, *rows.values_list("subject_id", flat=True)}


@person_row_filters.connect
class PersonRoleFilter(ChosenFilter):
    """Filter by a role that people have, as their main role or besides it, within one client."""

    title = gettext_noop("role of the person")
    titles: ClassVar[dict[str, str]] = {"child": gettext_noop("role of the child")}
    parameter_name = "person_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the roles."""
        return list(SubjectRole.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who have the role."""
        role, client_id = self.value(), get_filtered_client(request)
        if role not in SubjectRole.values or client_id is None:
            return queryset
        self.client_id, self.role = client_id, str(role)
        return queryset.filter(having_role(self.role), client_id=client_id)

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        """List the ids of some of the people: those whose main role it is, then those who have it besides."""
        own = Subject.objects.filter(client_id=self.client_id).order_by()
        main = begin_with_people(own.filter(role=self.role)).values_list("pk", flat=True)
        besides = begin_with_people(own.filter(HasSeveralRoles(), other_roles__contains=[self.role]))
        return list(main.union(besides.values_list("pk", flat=True), all=True).order_by()[:most])
