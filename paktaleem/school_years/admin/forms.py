"""Forms of the acts on a school year and on a person who moves."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.admin.choosing import (
    CHOOSING,
    PUPIL_ROLES,
    LinesField,
    PlaceField,
    PlacesField,
    SelectionForm,
    offer_places,
    read_place,
)
from paktaleem.directory.schools.models import School
from paktaleem.directory.schools.places import find_places
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.school_years.models import LeaversBy, YearEnd
from paktaleem.school_years.selectors import list_purposes_of_consent
from paktaleem.school_years.services.preparing import Choices


class PrepareForm(ActionForm, SelectionForm):
    """A school, who leaves, and what becomes of the consents of the year."""

    most_ids = 5_000

    school = PlaceField(
        of=[School], label=_("School"), required=False, help_text=_("Its name or LMS id. Empty: all schools.")
    )
    leavers_by = forms.ChoiceField(
        label=_("Who leaves"),
        choices=LeaversBy.choices,
        initial=LeaversBy.WITHOUT_CLASS,
        widget=forms.RadioSelect,
        help_text=_(
            "Record the classes of the new year first, by a roster or the API: then those who stay have a class."
        ),
    )
    ids = LinesField(
        rows=4, max_length=1_000_000, label=_("Pupils, by LMS id"), help_text=_("One per line, at most 5,000.")
    )
    place = PlacesField(
        label=_("Schools or classes, by LMS id"),
        help_text=_(
            "One per line. Only pupils whose last class of the year is one of these, or at one of these schools."
        ),
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=PUPIL_ROLES)
    renewed = forms.MultipleChoiceField(
        label=_("Ask again for consent to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A consent stays in force until it is answered again or expires on its own day. No consent is renewed "
            "without an answer."
        ),
    )
    let_go = forms.MultipleChoiceField(
        label=_("Let consent end to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "These consents were for the year only. They end with this act, and decisions refuse until they are given "
            "again."
        ),
    )

    field_order = ("school", "leavers_by", *CHOOSING, "renewed", "let_go")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the purposes that rest on consent; only those whose consents expire to ask again."""
        super().__init__(*args, **kwargs)
        at = get_action_time(self.request)
        with in_client(self.row.client_id):
            offer_places(self, "school", self.row.client_id)
            for name, with_period in (("renewed", True), ("let_go", False)):
                found = list_purposes_of_consent(self.row.client, at, with_period=with_period)
                set_choices(self, name, [(one.code, format_purpose(one.code, self.row.client_id)) for one in found])
                if not found:
                    del self.fields[name]

    def clean_school(self) -> str:
        """Return the LMS id of the school that the text names; the service refuses an unknown one."""
        text: str = self.cleaned_data["school"]
        client_id = self.row.client_id
        with in_client(client_id):
            known = bool(text) and bool(find_places(client_id, text, [School]))
            return read_place(text, client_id, [School]).external_id if known else text

    def clean(self) -> dict[str, Any]:
        """Add the selection; the service checks it, because classes of the year may have ended."""
        cleaned = super().clean()
        return cleaned if self.errors else {**cleaned, "chosen": self.selection}

    @staticmethod
    def to_choices(given: dict[str, Any]) -> Choices:
        """Return the choices of a valid form."""
        return Choices(
            school=given["school"].strip(),
            leavers_by=LeaversBy(given["leavers_by"]),
            chosen=given["chosen"],
            renewed=given.get("renewed", []),
            let_go=given.get("let_go", []),
        )


class ConfirmForm(ActionForm):
    """Typed confirmation of the number of leavers, if there are any."""

    number = forms.IntegerField(
        label=_("Type how many pupils leave"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    row: YearEnd

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the number only if accounts would be closed."""
        super().__init__(*args, **kwargs)
        if not self.row.plan.get("leavers"):
            del self.fields["number"]

    def clean_number(self) -> int:
        """Accept only the number that the page shows."""
        typed = int(self.cleaned_data["number"])
        if typed != self.row.plan["leavers"]:
            raise forms.ValidationError(_now("This is not the number of pupils who leave."))
        return typed
