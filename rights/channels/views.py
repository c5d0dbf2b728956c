"""Public pages: the forms for requests and concerns, and the person's own requests. GET shows, POST acts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import Limit, count_attempt
from paktaleem.directory.access_links.sessions import GET, POST, Visit, client_page, own_page
from paktaleem.directory.people.details import contact_index
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.web.public.pages import error_page, public_page, redirect_to_page
from rights.erasures.views import list_own_erasures, show_number
from rights.packages.views import show_package
from rights.rectifications.views import corrections_extra
from rights.requests.fields import make_text_field
from rights.requests.models import Channel, IdentityMethod, RightKind, RightsRequest, RightsRequestQuerySet
from rights.requests.selectors import is_erasing, list_parts_of
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.intake import (
    MATCH_SENDER,
    ContactTooNew,
    ErasureGranted,
    confirm_own_request,
    deny_own_request,
    receive_request,
)
from rights.requests.services.steps import RequestEnded
from rights.requests.states import State

STATES_FOR_PERSON = {
    State.TRIAGE: _("We are looking into it"),
    State.IDENTITY_PENDING: _("Waits for your confirmation"),
    State.WITH_CLIENT: _("Your institution decides"),
    State.IN_REVIEW: _("PakTaleem decides"),
    State.APPROVED: _("Granted; the answer follows"),
    State.PARTLY_APPROVED: _("Granted in part; the answer follows"),
    State.REFUSED: _("Refused; the answer follows with the reasons"),
    State.EXECUTING: _("Being carried out"),
    State.RESPONDED: _("Answered"),
    State.CLOSED: _("Closed"),
    State.WITHDRAWN: _("You ended it"),
    State.DUPLICATE: _("Continued in another request"),
    State.HANDED_OVER: _("Continued at your institution"),
}
"""States in the words of the person’s own page."""

_CHOICES = [
    (RightKind.ACCESS.value, _("See what data you have about me")),
    (RightKind.RECTIFICATION.value, _("Correct data about me")),
    (RightKind.ERASURE.value, _("Delete data about me")),
    (RightKind.RESTRICTION.value, _("Stop using data about me, but keep it")),
    (RightKind.PORTABILITY.value, _("Receive my data as a file for another service")),
    (RightKind.OBJECTION.value, _("Object to a use of my data")),
    (RightKind.WITHDRAWAL.value, _("Withdraw my consent")),
    (RightKind.COMPLAINT.value, _("Complain about how my data is handled")),
    (RightKind.QUESTION.value, _("Ask a question")),
]


class OwnRequestForm(forms.Form):
    """Form for the rights the person exercises, and details in their own words."""

    kinds = forms.MultipleChoiceField(
        label=_("What do you want?"), choices=_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    details = make_text_field(
        _("Details"), _("What should we look at? Leave out what is not needed."), rows=6, required=False
    )


class PublicRequestForm(OwnRequestForm):
    """A request of anyone, with a contact; it proves nothing about who they are."""

    contact = forms.CharField(
        label=_("Your email address or mobile number"),
        help_text=_("The one your school or institution knows. We write only to contacts that were on file before."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        self.client = client
        super().__init__(*args, **kwargs)

    def clean(self) -> FormData:
        cleaned = super().clean() or self.cleaned_data
        if "contact" in cleaned:
            try:
                contact_index(self.client.pk, cleaned["contact"], region=self.client.country)
            except ValueError:
                self.add_error("contact", _("This is not an email address or a phone number."))
        return cleaned


class ConcernForm(forms.Form):
    """Public form for a concern about a child's data."""

    text = make_text_field(
        _("What is your concern?"),
        _("State the school or platform, and what happened. Name the child only if necessary."),
        rows=6,
    )
    contact = forms.CharField(
        label=_("How can we contact you?"),
        help_text=_("An email address or telephone number. Without it we will act, but cannot answer you."),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto", "spellcheck": "false"}),
    )


FORM_LIMITS = (Limit("rights/ip", 10, timedelta(hours=1)),)
"""Requests by the public form, per IP address. A limit per contact would show that the contact was used."""
OWN_LIMITS = (Limit("own-rights/address", 10, timedelta(days=1)),)
REPORTING = (Limit("concern/ip", 10, timedelta(hours=1)),)
_BY_ANYBODY = system_actor("rights.made_by_anybody")
_CONCERNED = system_actor("rights.concern_by_anybody")
_SHOWN = 50


@client_page
def make_request(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the form and record a request; the response is the same for every contact, known or used before or not."""
    client = Client.objects.get(pk=client_id)
    form = PublicRequestForm(request.POST if request.method == "POST" else None, client=client)
    if not form.is_valid():
        title = _("Make a request about your data")
        return public_page(request, "rights/make.html", title=title, client=client, form=form)
    if not count_attempt(FORM_LIMITS, address="", ip=get_remote_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    given, at = form.cleaned_data, client_now()
    row = receive_request(
        client,
        kinds=given["kinds"],
        channel=Channel.FORM,
        details=given["details"],
        contact=given["contact"],
        language=translation.get_language() or "en",
        actor=_BY_ANYBODY,
        at=at,
    )
    enqueue_job(MATCH_SENDER, client=str(client_id), request=str(row.pk))
    return public_page(
        request,
        "rights/received.html",
        title=_("Thank you"),
        client=client,
        due_at=row.due_at,
        withdraws=RightKind.WITHDRAWAL in given["kinds"],
    )


@own_page(Page.REQUESTS, GET)
def show_own_requests(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the person's requests with state and dates, and the form for a new one."""
    return _render_own(request, visit, OwnRequestForm())


def _render_own(
    request: HttpRequest, visit: Visit, form: OwnRequestForm, *, status: int = HTTPStatus.OK, refused: object = ""
) -> HttpResponse:
    at = get_client_time(request)
    return public_page(
        request,
        "rights/own.html",
        title=_("Your requests about your data"),
        status=status,
        client=visit.person.client,
        notices=list_own_erasures(visit.person, at),
        rows=describe_requests(_own(visit), at),
        form=form,
        refused=refused,
    )


def describe_requests(
    own: RightsRequestQuerySet,
    at: datetime,
    *,
    name: Callable[[RightKind], str | Promise] = lambda kind: kind.label,
    describe: Callable[[RightsRequest], str | Promise] = lambda row: STATES_FOR_PERSON[State(row.state)],
) -> FirstRows[dict[str, Any]]:
    """Return a person's latest requests with their state in words and what is shown beside each."""
    found = take_latest(own.defer("details", "contact", "answer").order_by("-received_at", "-pk"), _SHOWN)
    parts = list_parts_of(found)
    return found.map(
        lambda row: {
            "row": row,
            "rights": [name(kind) for kind in dict.fromkeys(RightKind(part.kind) for part in parts[row.pk])],
            "state": describe(row),
            "may_be_ended": row.is_open and row.answered_at is None and not is_erasing(parts[row.pk]),
            "extras": [extra for extra in (show_package(row, at), corrections_extra(row), show_number(row)) if extra],
        }
    )


@own_page(Page.REQUESTS, POST)
def make_own_request(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Record a request of a person on their own page: the learning platform or a code verified who they are."""
    form = OwnRequestForm(request.POST)
    if not form.is_valid():
        return _render_own(request, visit, form)
    if not count_attempt(OWN_LIMITS, address=str(visit.person.pk), ip=""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    at = get_client_time(request)
    by_code = IdentityMethod.CODE if is_contact_settled(visit.person, at) else ""
    row = receive_request(
        visit.person.client,
        kinds=form.cleaned_data["kinds"],
        channel=Channel.OWN_PAGE,
        subject=visit.person,
        details=form.cleaned_data["details"],
        identity=by_code if visit.session.channel else IdentityMethod.LMS,
        language=translation.get_language() or "en",
        actor=visit.actor,
        at=at,
    )
    if RightKind.RECTIFICATION in form.cleaned_data["kinds"]:
        return redirect_to_page("requests-corrections", row.pk)
    return redirect_to_page("requests")


@own_page(Page.REQUESTS, POST)
def answer_own_request(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Confirm a request that named the person's contact, or deny it."""
    row = find_posted(request, _own(visit))
    answer = {"confirm": confirm_own_request, "deny": deny_own_request}.get(request.POST.get("answer", ""))
    if answer is None:
        raise BadRequest("The answer is confirm or deny.")
    try:
        with suppress(AlreadyAnswered, ErasureGranted, RequestEnded):
            answer(row, by_code=bool(visit.session.channel), actor=visit.actor, at=get_client_time(request))
    except ContactTooNew:
        refused = _("Your contact was changed less than three days ago. Please answer later.")
        return _render_own(request, visit, OwnRequestForm(), status=HTTPStatus.CONFLICT, refused=refused)
    return redirect_to_page("requests")


def _own(visit: Visit) -> RightsRequestQuerySet:
    return RightsRequest.objects.filter(client_id=visit.person.client_id, subject=visit.person, requester=None)


def find_posted(request: HttpRequest, own: RightsRequestQuerySet) -> RightsRequest:
    """Return the one of some requests that a form names. Raises Http404."""
    try:
        row: RightsRequest | None = own.filter(pk=UUID(request.POST.get("request", ""))).first()
    except ValueError as error:
        raise Http404 from error
    if row is None:
        raise Http404
    return row


@client_page
def report_concern(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the form and record a concern; the response does not depend on whether the child is registered."""
    form = ConcernForm(request.POST if request.method == "POST" else None)
    client = Client.objects.get(pk=client_id)
    if not form.is_valid():
        title = _("Report a concern about a child’s data")
        return public_page(request, "concern/report.html", title=title, client=client, form=form)
    if not count_attempt(REPORTING, address="", ip=get_remote_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    row = receive_request(
        client,
        kinds=[RightKind.CHILD_CONCERN],
        channel=Channel.FORM,
        details=form.cleaned_data["text"],
        contact=form.cleaned_data["contact"],
        language=translation.get_language() or "en",
        actor=_CONCERNED,
        at=get_client_time(request),
    )
    return public_page(request, "concern/received.html", title=_("Thank you"), row=row, client=client)
