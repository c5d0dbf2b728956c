"""The limit of a membership to schools in the console: the form field, and the names of the schools."""

import re
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.models import School
from paktaleem.directory.schools.places import find_places
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.tenancy.limited_lists import IsAmong

_MOST_NAMES = 20
"""How many names are looked up; LMS ids are found together, in one query."""


class SchoolsField(forms.CharField):
    """The LMS ids of the schools to which a membership is limited."""

    def __init__(self, **kwargs: Any) -> None:
        """Set label and help."""
        values: dict[str, Any] = {
            "label": _("Limited to schools"),
            "required": False,
            "max_length": 10_000,
            "widget": forms.Textarea(attrs={"rows": 2}),
            "help_text": _(
                "Names or LMS ids, separated by commas or lines. The member sees people of these schools only, and of "
                "the schools below a district. Leave empty for everyone."
            ),
        }
        super().__init__(**{**values, **kwargs})


def show_schools(school_ids: Iterable[UUID] | None) -> str:
    """Return the LMS ids of schools, as the field shows them."""
    found = School.objects.filter(pk__in=school_ids or []).order_by("external_id")
    return ", ".join(found.values_list("external_id", flat=True))


def read_schools(text: str, *, client_id: UUID, actor: Actor) -> list[UUID] | None:
    """Return the ids of the schools that a text names by LMS id or name, None for an empty text.

    Raises ValidationError naming what names no school or several, and for an empty text of a member who is limited.
    """
    wanted = {one.strip() for one in re.split(r"[,\n]", text) if one.strip()}
    if not wanted:
        if actor.schools is not None:
            raise forms.ValidationError(gettext("Name at least one of your own schools."))
        return None
    rows = School.objects.filter(client_id=client_id, external_id__in=wanted)
    if actor.schools is not None:
        rows = rows.filter(pk__in=actor.schools)
    found = dict(rows.values_list("external_id", "pk"))
    found |= _find_by_name(wanted - found.keys(), client_id, actor)
    if unknown := sorted(wanted - found.keys()):
        words = gettext("No school that you may choose has these ids or names: {ids}.")
        raise forms.ValidationError(words.format(ids=", ".join(unknown)))
    return sorted(found.values())


def _find_by_name(names: Collection[str], client_id: UUID, actor: Actor) -> dict[str, UUID]:
    """Return the schools that the actor may choose by their names; a name of several is left out."""
    if len(names) > _MOST_NAMES:
        raise forms.ValidationError(gettext("Enter at most 20 names; use the LMS ids of the others."))
    found = {}
    for name in names:
        schools = {one.key for one in find_places(client_id, name, [School])}
        if len(may := schools if actor.schools is None else schools & set(actor.schools)) == 1:
            found[name] = may.pop()
    return found


def with_school_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate memberships, or changes of staff, with the names of their schools (``school_names``), in one query."""
    schools = School.objects.filter(IsAmong(F("id"), OuterRef("school_ids")), client_id=OuterRef("client_id"))
    named = schools.order_by("name", "pk").values("name")
    annotated: QuerySet[Any] = rows.annotate(school_names=ArraySubquery(named))
    return annotated


def name_limit(row: Any) -> str:
    """Return the names of the schools to which an annotated row is limited, or “everyone”."""
    if row.school_ids is None:
        return gettext("everyone")
    return ", ".join(row.school_names) or gettext("schools that no longer exist")
