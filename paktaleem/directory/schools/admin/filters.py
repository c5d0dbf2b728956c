"""Filters of the list of people: by school, by class, and by grade."""

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from paktaleem.directory.people.grades import parse_grade
from paktaleem.directory.schools.selectors import (
    filter_by_class,
    filter_by_grades,
    filter_by_school,
    get_day,
    select_current_enrolments,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.filters import TypedFilter, get_filtered_client
from paktaleem.foundation.console.person_pages import person_filters
from paktaleem.foundation.console.requests import get_action_time

__all__ = ["ClassFilter", "GradeFilter", "SchoolFilter"]


class PlaceFilter(TypedFilter):
    """Filter by a school, class or grade in which people are today."""

    keep: ClassVar[Any]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who are there today."""
        value, client_id = (self.value() or "").strip(), get_filtered_client(request)
        if not value or client_id is None:
            return queryset
        today = get_day(Client.objects.get(pk=client_id), get_action_time(request))
        found: QuerySet[Any] = type(self).keep(queryset, client_id, value, on=today)
        return found


@person_filters.connect
class SchoolFilter(PlaceFilter):
    """Filter by the LMS id of a school."""

    title = gettext_noop("school")
    parameter_name = "school"
    placeholder = gettext_noop("LMS id of a school")
    keep = staticmethod(filter_by_school)


@person_filters.connect
class ClassFilter(PlaceFilter):
    """Filter by the LMS id of a class."""

    title = gettext_noop("class")
    parameter_name = "class"
    placeholder = gettext_noop("LMS id of a class")
    keep = staticmethod(filter_by_class)


@person_filters.connect
class GradeFilter(PlaceFilter):
    """Filter by grade, in any usual writing."""

    title = gettext_noop("grade")
    parameter_name = "grade"
    placeholder = gettext_noop("Such as 7 or KG")

    @staticmethod
    def keep(people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return the people of the grade; none if the text is no grade."""
        try:
            grade = parse_grade(value)
        except ValueError:
            return people.none()
        return filter_by_grades(people, client_id, select_current_enrolments(client_id, on), [grade])
