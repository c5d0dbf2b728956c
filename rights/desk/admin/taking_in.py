"""The page on which staff take in what someone says by telephone: find the person, or record an unknown caller."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.finding import FindForm, search_people
from paktaleem.directory.people.admin.roles import describe_roles
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import add_service_error
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.desk.services.taking_in import take_in_unknown
from rights.requests.models.requests import RightKind, RightsRequest


class UnknownCallerForm(forms.Form):
    """A request of a caller who is not among the people found."""

    kinds = forms.MultipleChoiceField(
        label=_("What does the person want?"), choices=RightKind.choices, widget=forms.CheckboxSelectMultiple
    )
    details = forms.CharField(
        label=_("In their words"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    contact = forms.CharField(
        label=_("Contact they name"),
        help_text=_("Encrypted. We write only to contacts that were on file before."),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("en", _("English")), ("ur", _("Urdu"))])

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Add the client for PakTaleem's staff; without one, PakTaleem has the request until triage."""
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = get_language()
        if actor_of(request).client_id is None:
            self.fields["client"] = forms.ModelChoiceField(
                Client.objects.filter(is_sandbox=False).exclude(pk=PAKTALEEM).order_by("name"),
                label=_("Client"),
                required=False,
                empty_label=gettext("Not known: PakTaleem looks for it"),
            )


def take_in(request: HttpRequest) -> HttpResponse:
    """Search a person, whose page records the request, or record the request of an unknown caller."""
    if not may(request, Capability.RECEIVE_RIGHTS_REQUESTS):
        raise PermissionDenied
    is_unknown = request.method == "POST" and "unknown" in request.POST
    find = FindForm(request.POST if request.method == "POST" and not is_unknown else None, request=request)
    unknown = UnknownCallerForm(request.POST if is_unknown else None, request=request, prefix="caller")
    found = None
    if find.is_bound and find.is_valid():
        people = search_people(request, find)
        found = people.map(lambda one: (_person_url(one.pk), str(one), describe_roles(one)))
    if unknown.is_bound and unknown.is_valid() and (made := _record(request, unknown)) is not None:
        messages.success(request, gettext("Recorded under the number {number}.").format(number=made.number))
        url = reverse("admin:rights_rightsrequest_change", args=[made.pk], current_app=site.name)
        return HttpResponseRedirect(url)
    request.current_app = site.name
    context = {"title": gettext("Take in a request"), "find": find, "unknown": unknown, "found": found}
    context |= {**site.each_context(request), "opts": RightsRequest._meta}
    return TemplateResponse(request, "console/rights_take_in.html", context)


def _person_url(person_id: object) -> str:
    return reverse("admin:subjects_subject_rights-request", args=[person_id], current_app=site.name)


def _record(request: HttpRequest, form: UnknownCallerForm) -> RightsRequest | None:
    given, actor = form.cleaned_data, actor_of(request)
    chosen = given.get("client")
    client_id = actor.client_id or (chosen.pk if chosen else PAKTALEEM)
    with in_client(client_id):
        try:
            return take_in_unknown(
                Client.objects.get(pk=client_id),
                **{name: given[name] for name in ("kinds", "details", "contact", "language")},
                received_at=None,
                actor=actor,
                at=get_action_time(request),
            )
        except ValidationError as refusal:
            add_service_error(form, refusal)
            return None
