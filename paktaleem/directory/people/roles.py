"""Roles of people at a client: a person has a main role, and may have others besides it."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.indexes import newest_first


class SubjectRole(models.TextChoices):
    """A person's role at the client (policy, Definitions)."""

    STUDENT = "student", _("Student")
    LEARNER = "learner", _("Learner")
    INSTRUCTOR = "instructor", _("Instructor")
    ADMINISTRATOR = "administrator", _("Administrator")
    GUARDIAN = "guardian", _("Guardian")


SEVERAL_ROLES = ~Q(other_roles=[])
"""Condition of people with several roles, for partial indexes."""


class HasSeveralRoles(Func):
    """The same condition for filters, as a literal: with a parameter, PostgreSQL could not use the partial indexes."""

    template = "NOT (%(expressions)s = '{}'::varchar(16)[])"
    output_field = models.BooleanField()

    def __init__(self) -> None:
        """Read the column ``other_roles``."""
        super().__init__(F("other_roles"))


def having_role(role: str) -> Q:
    """Return a filter for people who have a role, as their main role or besides it."""
    return having_any_role([role])


def having_any_role(roles: Iterable[str], *, of: str = "") -> Q:
    """Return a filter for people who have one of the roles; ``of`` is the lookup prefix from a row to its person."""
    wanted = [str(role) for role in roles]
    return Q(**{f"{of}role__in": wanted}) | Q(**{f"{of}other_roles__overlap": wanted})


def role_indexes() -> list[models.Index]:
    """Return the indexes of lists by role; people with several roles are few, and have their own."""
    kept = Q(erased_at=None)
    by_change = ["changed_at", "id"]
    return [
        *newest_first("registered_at", "subject_by_role", by="role"),
        *newest_first("registered_at", "subject_several_roles", condition=SEVERAL_ROLES),
        models.Index(fields=["client", "role", *by_change], condition=kept, name="subject_by_role_and_change"),
        models.Index(fields=["client", *by_change], condition=SEVERAL_ROLES & kept, name="subject_roles_by_change"),
    ]


def other_roles_are_others() -> models.CheckConstraint:
    """Return the constraint that the other roles are roles, and not the main one again."""
    return models.CheckConstraint(
        condition=Q(other_roles__contained_by=SubjectRole.values) & ~Q(other_roles__contains=[F("role")]),
        name="subject_other_roles_besides_role",
    )
