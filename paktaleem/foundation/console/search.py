"""The search box of every page: each app declares what it finds; one hit leads straight to it."""

# The text is sent by POST: no name in an address or a log. Names are searched by the keyed index of one client, with
# a reason, and recorded; a search index would be a second copy for erasure to reach.

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import ReasonField
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.operations.extensions import ExtensionPoint

MOST_OF_A_KIND = 5
"""Most hits of one kind that are shown."""
SEARCH_REASON = "search_reason"
"""Key of the session under which the reason of its searches for people is stored."""


@dataclass(frozen=True, slots=True)
class SearchText:
    """The text of a search, without surrounding spaces; ``id`` if it is a UUID."""

    text: str

    @property
    def id(self) -> UUID | None:
        try:
            return UUID(self.text)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found. ``is_exact``: the text is its id, number, code or name, not a part of it."""

    name: str
    url: str
    note: str = ""
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    name: str
    hits: Sequence[Hit]


type Search = Callable[[HttpRequest, SearchText], Hits]
type PersonalSearch = Callable[[HttpRequest, SearchText, Client, str], Hits]
"""A search of one client by name, email or phone, with its coded reason; the handler records it."""

searches: ExtensionPoint[Search] = ExtensionPoint(
    "console.searches", "What the search box finds by id, number, code or name; one query each."
)
personal_searches: ExtensionPoint[PersonalSearch] = ExtensionPoint(
    "console.personal_searches", "Whom the search box finds by personal data, with a reason and a record."
)


class SearchForm(forms.Form):
    """The text; and for a search by name, email or phone the reason, and for officers the client."""

    text = forms.CharField(
        label=gettext_lazy("Search"),
        max_length=255,
        help_text=gettext_lazy(
            "The beginning of an LMS id, a number, a code, a name or the id of an event. People are found by their "
            "whole name (one of several names finds nothing), their email address or their phone number. Upper or "
            "lower case, Arabic or Urdu spelling and the format of phone numbers do not matter; an LMS id in mixed "
            "case is found as it is registered."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 40, "type": "search"}),
    )
    reason = ReasonField(
        required=False,
        label=gettext_lazy("Reason, for people by name, email or phone"),
        help_text=gettext_lazy("Requested once per session. Every search is recorded with it and your name."),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["reason"].initial = request.session.get(SEARCH_REASON, "")
        if actor_of(request).client_id is None:
            self.fields["client"] = forms.ModelChoiceField(
                Client.objects.order_by("name"),
                required=False,
                label=_("Client, for people by name, email or phone"),
                empty_label=_("Choose a client…"),
            )


def show_search(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """Show the form and what is found, or go to the only hit. ``context``: of every page of the console."""
    form = SearchForm(request.POST if request.method == "POST" else None, request=request)
    groups, is_complete = find_all(form) if form.is_valid() else (None, False)
    hits = [hit for group in groups or () for hit in group.hits]
    targets = [hit for hit in hits if hit.is_exact] or (hits if is_complete else [])
    if len(targets) == 1:
        return HttpResponseRedirect(targets[0].url)
    found = None if groups is None else [group for group in groups if group.hits]
    values = {"title": _("Search"), "form": form, "found": found, "is_complete": is_complete}
    return TemplateResponse(request, "console/search.html", {**context, **values})


def find_all(form: SearchForm) -> tuple[list[Hits], bool]:
    """Search everything by id, number, code and name; and people by personal data if nothing has exactly this name.

    Returns whether people were searched, too.
    """
    request, wanted = form.request, SearchText(form.cleaned_data["text"].strip())
    groups = [search(request, wanted) for search in searches]
    reason = str(form.cleaned_data["reason"] or request.session.get(SEARCH_REASON, ""))
    if not reason or any(hit.is_exact for group in groups for hit in group.hits):
        return groups, False
    own = actor_of(request).client_id
    client = form.cleaned_data.get("client") if own is None else Client.objects.get(pk=own)
    if client is None:
        return groups, False
    request.session[SEARCH_REASON] = reason
    return groups + [search(request, wanted, client, reason) for search in personal_searches], True
