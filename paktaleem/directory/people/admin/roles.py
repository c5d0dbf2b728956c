"""The roles of a person in the console: the main one first."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.roles import HasSeveralRoles, having_role
from paktaleem.foundation.console.filters import ChosenFilter
from paktaleem.foundation.console.person_pages import person_filters

__all__ = ["OtherRoleFilter", "RoleFilter", "describe_roles"]


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


@person_filters.connect
class RoleFilter(ChosenFilter):
    """Filter of rows about people by a role of the person, main or other."""

    title = gettext_noop("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the roles."""
        return list(SubjectRole.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the people who have the role."""
        return queryset.filter(having_role(str(self.value()))) if self.value() in SubjectRole.values else queryset
