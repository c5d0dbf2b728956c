"""The search box of every page: each app declares what it finds; one hit leads straight to it.

The text is sent by POST, so that no name is in a URL or a log.
"""

# The text is sent by POST: no name in an address or a log. Names are searched by the keyed index of one client, with
# a reason, and recorded; a search index would be a second copy for erasure to reach.

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    """The hits of one kind, under its name."""

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

    @property
    def reason_given(self) -> str:
        """Return the chosen reason, or the session's; empty if there is none."""
        return str(self.cleaned_data["reason"] or self.request.session.get(SEARCH_REASON, ""))

    def find_client(self) -> Client | None:
        """Return the client whose people are searched by personal data: the user's own, or the chosen one."""
        own = actor_of(self.request).client_id
        chosen: Client | None = self.cleaned_data.get("client") if own is None else Client.objects.get(pk=own)
        return chosen


@dataclass(slots=True)
class Found:
    """The hits of a search, and whether people were searched by personal data too."""

    groups: list[Hits] = field(default_factory=list)
    is_complete: bool = False

    def all(self) -> Iterator[Hit]:
        return (hit for group in self.groups for hit in group.hits)

    @property
    def only(self) -> Hit | None:
        """Return the hit to go to: the only exact one, or the only one of a search of everything; otherwise None."""
        exact = [hit for hit in self.all() if hit.is_exact]
        hits = exact or (list(self.all()) if self.is_complete else [])
        return hits[0] if len(hits) == 1 else None


def show_search(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """Show the form and what is found, or go to the only hit. ``context``: of every page of the console."""
    form = SearchForm(request.POST if request.method == "POST" else None, request=request)
    found = find_all(form) if form.is_valid() else None
    if found is not None and (hit := found.only) is not None:
        return HttpResponseRedirect(hit.url)
    values = {
        "title": _("Search"),
        "form": form,
        "found": None if found is None else [group for group in found.groups if group.hits],
        "is_complete": found is not None and found.is_complete,
    }
    return TemplateResponse(request, "console/search.html", {**context, **values})


def find_all(form: SearchForm) -> Found:
    """Search everything by id, number, code and name; and people by personal data if nothing has exactly this name."""
    wanted = SearchText(form.cleaned_data["text"].strip())
    found = Found([search(form.request, wanted) for search in searches])
    reason = form.reason_given
    if reason and not any(hit.is_exact for hit in found.all()) and (client := form.find_client()) is not None:
        form.request.session[SEARCH_REASON] = reason
        found.groups += [search(form.request, wanted, client, reason) for search in personal_searches]
        found.is_complete = True
    return found
