"""The field by which a form chooses people: a school or a class, by its LMS id."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.selectors import is_place

__all__ = ["PLACE", "PlaceField", "check_place"]

PLACE = "place"
"""Name of the field in every form."""


class PlaceField(forms.CharField):
    """The LMS id of a school or a class; the people in it today are chosen."""

    def __init__(self, **kwargs: Any) -> None:
        """Set label, length and help."""
        values: dict[str, Any] = {
            "label": _("School or class, by LMS id"),
            "required": False,
            "max_length": 255,
            "help_text": _("Only people who are in it today. The ids are listed under Schools and Classes."),
        }
        super().__init__(**{**values, **kwargs})


def check_place(form: forms.BaseForm, client_id: UUID | None) -> None:
    """Add an error to a form whose field ``place`` names no school or class in use at the client."""
    place = form.cleaned_data.get(PLACE, "")
    if place and client_id is not None and not is_place(client_id, place):
        form.add_error(PLACE, gettext("No school or class in use at this client has this id."))
