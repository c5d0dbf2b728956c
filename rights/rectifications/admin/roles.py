"""The act that changes a person's roles: what it does to decisions is shown before it is done."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.decisions.selectors.role_effects import RolePreview, preview_roles
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.services.roles import correct_roles


class RolesForm(RowActionForm):
    """Main role, other roles and reason; valid once its preview was shown and nothing has changed since."""

    row: Subject
    preview: RolePreview | None = None

    role = forms.ChoiceField(label=_("Main role"), choices=SubjectRole.choices)
    other_roles = forms.MultipleChoiceField(
        label=_("Other roles"),
        choices=SubjectRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("What else the person is, such as the parent of a student. Decisions go by the strictest role."),
    )
    shown = forms.CharField(label="", widget=forms.HiddenInput, required=False, max_length=64)
    field_order = ("role", "other_roles", "reason", "shown")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with the roles that the person has."""
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "role": self.row.role, "other_roles": self.row.other_roles}

    def clean(self) -> dict[str, Any]:
        """Refuse the roles that the person has already."""
        cleaned = super().clean()
        wanted = {*cleaned.get("other_roles", ())} - {cleaned.get("role")}
        if not self.errors and (cleaned["role"], wanted) == (self.row.role, {*self.row.other_roles}):
            self.add_error(None, gettext("The person has these roles already."))
        return cleaned

    def is_valid(self) -> bool:
        """Return True if the form is correct and was sent with the preview of these roles; otherwise prepare it."""
        if not super().is_valid():
            return False
        with in_client(self.row.client_id):
            given, at = self.cleaned_data, get_action_time(self.request)
            self.preview = preview_roles(self.row, given["role"], given["other_roles"], at=at)
        if given["shown"] == self.preview.fingerprint:
            return True
        data = self.request.POST.copy()
        data["shown"] = self.preview.fingerprint
        self.data = data
        return False

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """The answers that change: name of the purpose, now, afterwards."""
        found = self.preview.effects if self.preview else ()
        return [(format_purpose(one.purpose, self.row.client_id), one.now, one.after) for one in found]

    @property
    def roles_after(self) -> str:
        """The names of all roles afterwards, the main one first."""
        return ", ".join(str(SubjectRole(one).label) for one in (self.preview.roles if self.preview else ()))


def _change_roles(subject: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    made = correct_roles(subject, role=given["role"], other_roles=given["other_roles"], **by)
    if made is not None and made.applied_at is None:
        messages.warning(request, gettext("Nothing has changed yet: a second person must confirm it."))
    else:
        messages.success(
            request, gettext("The roles are changed. The systems that hold them are ordered to change them.")
        )
    return HttpResponseRedirect(person_url(subject.pk))


person_acts.connect(
    RowAction(
        "change-roles",
        "Change the roles",
        Capability.REGISTER_SUBJECTS,
        _change_roles,
        form=RolesForm,
        template="console/change_roles.html",
        lead="You see first which decisions change. Nothing changes before you press the button again. What the "
        "learning platform or a roster sends next replaces the roles here, so every system is ordered to correct them. "
        "A change that would let a child decide waits for a second person.",
        applies=lambda row, _at: row.is_recorded,
    )
)
