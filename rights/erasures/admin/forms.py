"""Forms of the acts on an erasure; each shows the preview."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.register_names import format_purposes
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.preview import Preview, preview_erasure
from rights.erasures.services.proposals import Target
from rights.erasures.services.requests import find_target
from rights.requests.models.requests import RightsRequest

_PANEL = "console/panels/erasure_preview.html"


def preview_panel(preview: Preview, client_id: UUID) -> dict[str, Any]:
    """Return the panel with a preview, and the names of its purposes."""
    purposes = format_purposes(preview.purposes, client_id)
    return {"template": _PANEL, "preview": preview, "purposes": purposes, "client_id": client_id}


class SeenForm(RowActionForm):
    """A form that shows the preview, and sends back which facts it was made from."""

    seen = forms.CharField(label="", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Make the preview of what the row is about, as it is now."""
        super().__init__(*args, row=row, request=request, **kwargs)
        with in_client(row.client_id):
            self.panel = preview_panel(self.make_preview(), row.client_id)
        self.initial["seen"] = json.dumps(self.panel["preview"].facts)

    def make_preview(self) -> Preview:
        """Return the preview of the whole person."""
        return preview_erasure(self.row, at=get_action_time(self.request))

    def clean(self) -> dict[str, Any]:
        """Return the facts that were looked at; a form that is shown again is about the preview beside it."""
        cleaned = super().clean() or self.cleaned_data
        try:
            cleaned["seen"] = {str(name): str(value) for name, value in json.loads(cleaned["seen"]).items()}
        except (KeyError, ValueError, AttributeError):
            self.add_error(None, gettext("Look at the preview, and send the form again."))
        self.data = {**dict(self.data.items()), "seen": self.initial["seen"]}
        return cleaned


class ProposeForm(SeenForm):
    """Typed confirmation of a proposal to erase a person."""

    row: Subject
    confirmation = forms.CharField(
        label=_("Type the LMS id of the person"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("confirmation", "reason")

    def clean_confirmation(self) -> str:
        """Accept the person's own LMS id only."""
        typed = str(self.cleaned_data["confirmation"]).strip()
        if typed != self.row.external_id:
            raise forms.ValidationError(gettext("This is not the LMS id of the person."))
        return typed


class ProposeAgainForm(SeenForm):
    """A proposal to carry out a granted request, after an earlier one was sent back, declined or cancelled."""

    row: RightsRequest

    def make_preview(self) -> Preview:
        """Return the preview of what the request's decisions grant."""
        at = get_action_time(self.request)
        self.target = find_target(self.row, at) or Target()
        if self.row.subject is None:
            raise ValueError("A granted erasure is of a known person.")
        about: dict[str, Any] = {
            "purposes": self.target.purposes,
            "categories": self.target.categories,
            "serving": self.row.pk,
        }
        return preview_erasure(self.row.subject, at=at, **about)


class ApproveForm(RowActionForm):
    """The second person's approval, beside the preview as it is now."""

    row: ErasureProposal

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Make the preview of the proposal."""
        super().__init__(*args, row=row, request=request, **kwargs)
        with in_client(row.client_id):
            about: dict[str, Any] = {"purposes": row.purposes, "categories": row.categories, "serving": row.request_id}
            preview = preview_erasure(row.subject, at=get_action_time(request), **about)
            self.panel = preview_panel(preview, row.client_id)
