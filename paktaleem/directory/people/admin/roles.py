"""The roles of a person in the console: the main one first."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.roles import HasSeveralRoles, having_role
from paktaleem.foundation.console.filters import ChosenFilter, get_filtered_client
from paktaleem.foundation.console.person_pages import person_row_filters
from paktaleem.foundation.tenancy.limited_lists import begin_with_people

__all__ = ["OtherRoleFilter", "PersonRoleFilter", "describe_roles"]


@admin.display(description="role")
def describe_roles(row: Subject) -> str:
    """Return the names of all roles, the main one first."""
    return ", ".join(str(SubjectRole(role).label) for role in row.roles)


class OtherRoleFilter(admin.SimpleListFilter):
    """Filter by a role that people have besides their main one; reads the index of people with several roles."""

    title = "other role"
    parameter_name = "other_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the roles."""
        return list(SubjectRole.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Filter the list."""
        if self.value() not in SubjectRole.values:
            return queryset
        return queryset.filter(HasSeveralRoles(), other_roles__contains=[self.value()])


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
