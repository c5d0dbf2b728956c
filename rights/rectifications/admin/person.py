"""Acts on a person without a request: correct one field, and record that a recipient was informed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from rights.rectifications.admin.requests import InformedForm
from rights.rectifications.models import RecipientNotice
from rights.rectifications.selectors import list_notices_of_person
from rights.rectifications.services.applying import correct_person
from rights.rectifications.services.recipients import record_informed
from rights.rectifications.values import CORRECTABLE, FIELD_LABELS

__all__: list[str] = []


class CorrectForm(RowActionForm):
    """A field, its correct value, and the reason."""

    field = forms.ChoiceField(
        label=_("Field"), choices=[("", _("Choose…")), *((name, FIELD_LABELS[name]) for name in CORRECTABLE)]
    )
    new_value = forms.CharField(
        label=_("Correct value"),
        help_text=_("Write a day as 2014-03-27. Leave it empty to have an email address or phone number removed."),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    field_order = ("field", "new_value", "reason")


def _correct(subject: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    told: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    try:
        made = correct_person(subject, field=given["field"], value=given["new_value"], **told)
    except ValidationError as error:
        label = FIELD_LABELS[given["field"]]
        raise ValidationError({"new_value": [f"{label}: {one}" for one in error.messages]}) from error
    if made is not None and made.applied_at is None:
        messages.warning(request, gettext("Nothing has changed yet: a second person must confirm this age."))
    else:
        messages.success(request, gettext("Corrected here. The systems that hold it are ordered to correct it too."))
    return HttpResponseRedirect(person_url(subject.pk))


class PersonInformedForm(InformedForm):
    """A recipient to be informed of what staff did without a request, and what came of it."""

    def list_offered(self) -> list[RecipientNotice]:
        """List the rows of the person."""
        return list_notices_of_person(self.row)


def _informed(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    del subject
    told: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    record_informed(given["notice"], outcome=given["outcome"], **told)


person_acts.connect(
    RowAction(
        "correct",
        "Correct a field",
        Capability.REGISTER_SUBJECTS,
        _correct,
        form=CorrectForm,
        lead="The learning platform is the source of this data: what it sends next replaces the value here. So every "
        "system that holds the data, the learning platform too, is ordered to correct it. If the wrong value comes "
        "back, this page says so. An age that would let a child decide waits for a second person.",
        applies=lambda row, _at: row.is_recorded,
    )
)
person_acts.connect(
    RowAction(
        "inform-recipient",
        "Record that a recipient was informed",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _informed,
        form=PersonInformedForm,
        lead="Recipients of the data must be informed of a correction or erasure without a request too, unless that is "
        "impossible or a disproportionate effort (GDPR Art. 19). Inform them yourself, then record it. The key of a "
        "person is not destroyed before.",
        done="Recorded.",
        applies=lambda row, _at: bool(list_notices_of_person(row)),
    )
)
