"""The console's page that finds people by a sealed field; every search is recorded with its reason."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.directory.people.admin.roles import describe_roles
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.searches import find_people
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ReasonField
from paktaleem.foundation.console.home_pages import HomeLink, home_links
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.search import SEARCH_REASON
from paktaleem.foundation.first_rows import FirstRows
from paktaleem.foundation.tenancy.context import in_client


class FindForm(forms.Form):
    """Search text, sent by POST so that no name appears in a URL or a log."""

    text = forms.CharField(
        label=gettext_lazy("LMS id, full name, email address or phone"),
        help_text=gettext_lazy(
            "The whole value: one of several names finds nothing. Upper or lower case, Arabic or Urdu spelling and the "
            "format of phone numbers do not matter; an LMS id in mixed case is found as it is registered."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 40}),
    )
    reason = ReasonField(
        help_text=gettext_lazy("Requested once per session. Every search is recorded with it and your name.")
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Add a client field for officers, whose search needs that client's index key; offer the session's reason."""
        super().__init__(*args, **kwargs)
        self.known_reason = str(request.session.get(SEARCH_REASON, ""))
        self.fields["reason"].initial, self.fields["reason"].required = self.known_reason, not self.known_reason
        if actor_of(request).client_id is None:
            self.fields["client"] = forms.ModelChoiceField(
                Client.objects.all(), label=_("Client"), empty_label=_("Choose a client…")
            )

    def clean_reason(self) -> str:
        """Return the chosen reason, or the session's."""
        return str(self.cleaned_data["reason"] or self.known_reason)


def show_find_page(owner: ExportableAdmin, request: HttpRequest) -> HttpResponse:
    """Show the form and, after a search, who was found."""
    form = FindForm(request.POST or None, request=request)
    rows: FirstRows[tuple[str, str, str]] | None = None
    if request.method == "POST" and form.is_valid():
        people = search_people(request, form)
        rows = people.map(lambda one: (owner.url_of("change", one), str(one), describe_roles(one)))
    context = {
        **owner.admin_site.each_context(request),
        "opts": owner.opts,
        "title": _("Find a person"),
        "form": form,
        "found": rows,
    }
    request.current_app = owner.admin_site.name
    return TemplateResponse(request, "console/find.html", context)


def search_people(request: HttpRequest, form: FindForm) -> FirstRows[Subject]:
    """Return the people that a valid form finds; the search is recorded, and its reason kept for the session."""
    actor, wanted = actor_of(request), form.cleaned_data
    request.session[SEARCH_REASON] = wanted["reason"]
    client_id = actor.client_id or (wanted["client"].pk if wanted.get("client") else None)
    if client_id is None:
        return FirstRows()
    terms: dict[str, Any] = {"actor": actor, "reason": wanted["reason"], "at": get_action_time(request)}
    with in_client(client_id):
        return find_people(wanted["text"], client_id=client_id, **terms)


home_links.connect(HomeLink(gettext_lazy("Find a person"), "admin:subjects_subject_find", Capability.VIEW_SUBJECTS))
