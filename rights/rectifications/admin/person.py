"""The act that corrects one field of a person, without a request."""

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
from rights.rectifications.services import correct_person
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
