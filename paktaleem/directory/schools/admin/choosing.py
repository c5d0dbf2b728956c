"""The fields by which a form chooses people: ids, or school, class, grade and role; the same in every act."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.grades import GRADE_LIMIT, parse_grade
from paktaleem.directory.people.models import SubjectRole
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.directory.schools.places import Place, PlaceModel, find_places, list_places
from paktaleem.directory.schools.selections import Selection
from paktaleem.directory.schools.selectors import is_grade
from paktaleem.foundation.console.widgets import SuggestionInput
from paktaleem.foundation.word_lists import join_words

__all__ = ["CHOOSING", "PLACE", "GradeInput", "PlaceField", "SelectionForm", "offer_places", "read_place"]

PLACE = "place"
"""Name of the field of a school or class in every form."""
_NOT_FOUND: dict[tuple[PlaceModel, ...], str] = {
    (School, SchoolClass): gettext_noop("No school or class in use at this client has this name or id: {text}."),
    (SchoolClass,): gettext_noop("No class in use at this client has this name or id: {text}."),
    (School,): gettext_noop("No school in use at this client has this name or id: {text}."),
}
CHOOSING = ("ids", PLACE, "grade", "role", "beginning")
"""Names of the fields of ``SelectionForm``, in order."""


class PlaceField(forms.CharField):
    """A school or a class, by name or LMS id. The form calls ``offer_places`` and ``read_place``."""

    widget = SuggestionInput

    def __init__(self, *, of: Collection[PlaceModel] = (School, SchoolClass), **kwargs: Any) -> None:
        """Set label, length and help; ``of`` says whether schools, classes or both are meant."""
        self.of = of
        values: dict[str, Any] = {
            "label": _("School or class"),
            "required": False,
            "max_length": 255,
            "help_text": _("Its name or LMS id. Only people who are in it today."),
        }
        super().__init__(**{**values, **kwargs})


class GradeInput(forms.CharField):
    """A grade in any usual writing; the cleaned value is its one form."""

    def __init__(self, **kwargs: Any) -> None:
        """Set label, length and help."""
        values: dict[str, Any] = {
            "label": _("Grade"),
            "required": False,
            "max_length": GRADE_LIMIT,
            "help_text": _("Such as 7 or KG. Only pupils of this grade: their own, or that of their class."),
        }
        super().__init__(**{**values, **kwargs})

    def clean(self, value: Any) -> str:
        """Return the grade in its one form."""
        text: str = super().clean(value)
        try:
            return parse_grade(text)
        except ValueError as error:
            raise ValidationError(gettext("Use a grade such as 7 or KG.")) from error


class SelectionForm(forms.Form):
    """A form that chooses people: those whom all filled fields describe."""

    most_ids: int | None = None
    """Largest number of ids, or None for no limit of the form."""

    ids = forms.CharField(
        label=_("People, by LMS id"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One per line. Leave it empty to select people by the fields below."),
    )
    place = PlaceField()
    grade = GradeInput()
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Every role")), *SubjectRole.choices])
    beginning = forms.CharField(
        label=_("LMS id begins with"), required=False, max_length=255, help_text=_("Empty: all of them.")
    )

    def clean_ids(self) -> list[str]:
        """Return the ids, one per line, without duplicates."""
        lines = [line for one in str(self.cleaned_data["ids"]).splitlines() if (line := one.strip())]
        if self.most_ids is not None and len(lines) > self.most_ids:
            raise ValidationError(gettext("Enter at most {number} ids.").format(number=self.most_ids))
        return list(dict.fromkeys(lines))

    def check_selection(self, client_id: UUID | None) -> None:
        """Add an error to each field that names a school, class or grade that the client does not have."""
        if client_id is not None and self.cleaned_data.get(PLACE):
            self._read_place(client_id)
        grade = self.cleaned_data.get("grade", "")
        if grade and client_id is not None and not is_grade(client_id, grade):
            self.add_error("grade", gettext("No person or class in use at this client is of this grade."))

    def _read_place(self, client_id: UUID) -> None:
        try:
            self.cleaned_data[PLACE] = read_place(self.cleaned_data[PLACE], client_id).external_id
        except ValidationError as error:
            self.add_error(PLACE, error)

    @property
    def selection(self) -> Selection:
        """The people that the valid form chooses; a field that a form leaves out is no condition."""
        given: dict[str, Any] = {name: self.cleaned_data.get(name) or "" for name in CHOOSING}
        return Selection(**{**given, "ids": tuple(given["ids"]), "beginning": given["beginning"].strip()})


def offer_places(form: forms.BaseForm, name: str, client_id: UUID | None) -> None:
    """Let the place field of a form suggest the client's schools and classes; none if the client is not known yet."""
    field = form.fields[name]
    if client_id is not None and isinstance(field, PlaceField):
        field.widget.suggestions = [(one.external_id, one.name) for one in list_places(client_id, field.of)]


def read_place(text: str, client_id: UUID, of: Collection[PlaceModel] = (School, SchoolClass)) -> Place:
    """Return the school or class that a text names. Raises ValidationError if none or several have this name."""
    found = find_places(client_id, text, of)
    if not found:
        raise ValidationError(gettext(_NOT_FOUND[tuple(of)]).format(text=text))
    if len({one.external_id for one in found}) > 1:
        ids = join_words(f"{one.external_id} – {one.name}" for one in found)
        raise ValidationError(
            gettext("“{text}” is the name of several. Use the LMS id: {ids}.").format(text=text, ids=ids)
        )
    return found[0]
