"""The roles of a person in the console: the main one first."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import HasSeveralRoles, SubjectRole


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
