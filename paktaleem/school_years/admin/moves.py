"""The act on a person's page for a pupil who moves to another client."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.school_years.selectors import is_only_pupil
from paktaleem.school_years.services.moving import leave_client
from rights.requests.models.requests import RightKind


class MoveForm(RowActionForm):
    """Whether the data is requested to be taken along, and the reason."""

    portability = forms.ChoiceField(
        label=_("Data to take along"),
        choices=[
            ("none", _("No one has asked for it")),
            ("requested", _("The person or a guardian asks for it: record the request next")),
        ],
        initial="none",
        widget=forms.RadioSelect,
        help_text=_("They can also ask later, on their own page or in writing."),
    )
    field_order = ("portability", "reason")


def _leave(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    leave_client(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    if given["portability"] == "none":
        return None
    url = reverse("admin:subjects_subject_rights-request", args=[row.pk], current_app=site.name)
    return HttpResponseRedirect(f"{url}?kinds={RightKind.PORTABILITY.value}")


person_acts.connect(
    RowAction(
        "moves-away",
        "Moves to another institution",
        Capability.REGISTER_SUBJECTS,
        _leave,
        form=MoveForm,
        lead="For a pupil who leaves for a school outside this client. The account here closes, the classes end, and "
        "the periods after which the data is deleted begin. PakTaleem copies nothing to the other institution, also "
        "if it uses PakTaleem: only the person, a guardian or the controller can have a copy made (data portability). "
        "Within this client, enrol the pupil in the new class instead: consents and history stay.",
        done="The account is closed.",
        danger=True,
        applies=lambda row, _at: row.is_recorded and row.is_account_open and is_only_pupil(row),
    )
)
