"""Form fields that name schools and classes, and the form that chooses people by them."""

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.people.models import SubjectRole
from paktaleem.directory.schools import selectors
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.directory.schools.selectors import PlaceModel
from paktaleem.foundation.text.times import join_words

PLACE = "place"
"""Name of the field of schools and classes in every form."""
_NOT_FOUND: dict[tuple[PlaceModel, ...], str] = {
    (School, SchoolClass): gettext_noop("No school or class in use at this client has this name or id: {text}."),
    (SchoolClass,): gettext_noop("No class in use at this client has this name or id: {text}."),
}
CHOOSING = ("ids", PLACE, "grade", "role", "beginning")
"""Names of the fields of ``SelectionForm``, in order."""
PUPIL_ROLES = [
    ("", _("Every role")),
    *((role.value, role.label) for role in (SubjectRole.STUDENT, SubjectRole.LEARNER)),
]
"""Choices of a role in a form about pupils."""
_COMMAS = re.compile(r"[,\u060c\n]")
_NAMED = 10
"""How many names of places are looked up, and how many ids an error names."""


class LinesField(forms.CharField):
    """Ids, one per line; the cleaned value lists them without duplicates."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        values: dict[str, object] = {"required": False, "max_length": 20_000, "widget": forms.Textarea({"rows": rows})}
        super().__init__(**{**values, **kwargs})

    def clean(self, value: Any) -> Any:
        lines = (line.strip() for line in str(super().clean(value)).splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class SelectionForm(forms.Form):
    """A form that chooses people: those whom all filled fields describe."""

    most_ids: int | None = None
    """Largest number of ids, or None for no limit of the form."""

    ids = LinesField(
        rows=6,
        label=_("People, by LMS id"),
        help_text=_("One per line. Leave it empty to select people by the fields below."),
    )
    place = LinesField(
        rows=2,
        label=_("Schools or classes"),
        help_text=_("Names or LMS ids, one per line. Only people who are in one of them today."),
    )
    grade = forms.CharField(
        label=_("Grades"),
        required=False,
        max_length=500,
        help_text=_("Such as 7, or 9, 10. Only pupils of these grades: their own, or that of their class."),
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Every role")), *SubjectRole.choices])
    beginning = forms.CharField(
        label=_("LMS id begins with"), required=False, max_length=255, help_text=_("Empty: all of them.")
    )

    def clean_ids(self) -> list[str]:
        ids: list[str] = self.cleaned_data["ids"]
        if self.most_ids is not None and len(ids) > self.most_ids:
            raise ValidationError(gettext("Enter at most {number} ids.").format(number=self.most_ids))
        return ids

    def clean_grade(self) -> list[str]:
        try:
            grades = [parse_grade(text) for text in _COMMAS.split(self.cleaned_data["grade"])]
        except ValueError as error:
            raise ValidationError(gettext("Use a grade such as 7 or KG.")) from error
        return list(dict.fromkeys(grade for grade in grades if grade))

    def check_selection(self, client_id: UUID | None) -> None:
        """Add an error to each field that names a school, class or grade that the client does not have."""
        places, grades = self.cleaned_data.get(PLACE), self.cleaned_data.get("grade")
        if client_id is None:
            return
        if places:
            self._read_places(places, client_id)
        if grades and (unknown := selectors.find_unknown_grades(client_id, grades)):
            named = join_words([*unknown[:_NAMED], *(["…"] if len(unknown) > _NAMED else [])])
            text = gettext("No person or class in use at this client is of this grade: {ids}.")
            self.add_error("grade", text.format(ids=named))

    def _read_places(self, places: Sequence[str], client_id: UUID) -> None:
        ids, names = [], selectors.find_unknown_places(client_id, places)
        for text in places:
            try:
                ids.append(read_place(text, client_id).external_id if text in names[:_NAMED] else text)
            except ValidationError as error:
                self.add_error(PLACE, error)
        if len(names) > _NAMED and PLACE not in self.errors:
            self.add_error(PLACE, gettext("Enter at most 10 names; use the LMS ids of the others."))
        if PLACE not in self.errors:
            self.cleaned_data[PLACE] = ids

    @property
    def selection(self) -> selectors.Selection:
        """The people that the valid form chooses; a field that a form leaves out is no condition."""
        given = self.cleaned_data
        return selectors.Selection(
            ids=tuple(given.get("ids") or ()),
            places=tuple(given.get(PLACE) or ()),
            grades=tuple(given.get("grade") or ()),
            role=given.get("role") or "",
            beginning=(given.get("beginning") or "").strip(),
        )


def read_place(text: str, client_id: UUID, of: Collection[PlaceModel] = (School, SchoolClass)) -> selectors.Place:
    """Return the school or class that a text names. Raises ValidationError if none or several have this name."""
    found = selectors.find_places(client_id, text, of)
    if not found:
        raise ValidationError(gettext(_NOT_FOUND[tuple(of)]).format(text=text))
    if len({one.external_id for one in found}) > 1:
        ids = join_words(f"{one.external_id} – {one.name}" for one in found)
        words = gettext("“{text}” is the name of several. Use the LMS id: {ids}.")
        raise ValidationError(words.format(text=text, ids=ids))
    return found[0]
