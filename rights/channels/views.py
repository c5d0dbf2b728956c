"""Public pages: the forms for requests and concerns, a person's own requests, and a guardian's about a child."""

from collections import defaultdict
from collections.abc import Callable, Container
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

from children.guardians.authority import RequestBlocker
from children.guardians.selectors import GuardianshipUnknown
from consent.own_pages.guardian_pages import ChildView, about_child, language_of
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import Limit, count_attempt, is_contact_settled
from paktaleem.directory.access_links.sessions import GET, GET_OR_POST, POST, Visit, client_page, own_page
from paktaleem.directory.data_systems.selectors import Parent, count_answers
from paktaleem.directory.people.details import contact_index
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.forms import FormData, set_choices
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.web.public.pages import error_page, page_url, public_page, redirect_to_page
from rights.channels.guardians import RIGHT_OF, Wish, list_request_blockers, record_guardian_request
from rights.erasures.views import list_erasures_of_ward, list_own_erasures, show_number
from rights.packages.views import CopyPage, answer_copy, find_fetchable, show_package
from rights.rectifications.views import corrections_extra
from rights.requests.fields import make_text_field
from rights.requests.models import PARENT, Channel, IdentityMethod, RightKind, RightsRequest, RightsRequestQuerySet
from rights.requests.selectors import is_erasing, list_parts_of
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.decisions import RequestNotAllowed
from rights.requests.services.intake import (
    MATCH_SENDER,
    ContactTooNew,
    ErasureGranted,
    confirm_own_request,
    deny_own_request,
    receive_request,
)
from rights.requests.services.steps import RequestEnded, list_parts
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


_NAMES: dict[RightKind, Promise] = {
    RightKind.ACCESS: _("A copy of the data"),
    RightKind.ERASURE: _("Deletion of the data"),
}
_BLOCKERS: dict[RequestBlocker, Promise] = {
    RequestBlocker.NOT_VERIFIED: _(
        "The school has not verified that you are the guardian, or the verification is no longer valid. Go to the "
        "school in person, or hand in its signed form; then you can ask here."
    ),
    RequestBlocker.TOO_WEAK: _(
        "So far you are verified by two messages only, which is not enough to receive a child’s data. Go to the school "
        "in person, or hand in its signed form; then you can ask here."
    ),
    RequestBlocker.NOT_TOLD: _(
        "The school has noted that you may not receive the child’s data. Please speak with the school."
    ),
}
DONE_TEXTS: dict[str, Promise] = {
    "withdrawn": _("Taken back, with effect at once."),
    "asked_copy": _(
        "Every system that holds data of the child was asked to provide it. You receive an answer within 30 days."
    ),
    "asked_deletion": _("The school has received your request. Once it confirms, every system must delete the data."),
    "asked": _("Your request is recorded. You receive an answer within 30 days."),
    "kept": _("Recorded: the school keeps only what it must keep, and does nothing else with it."),
    "ended": _("Your request is ended."),
    "contact_too_new": _("Your contact was changed less than three days ago. Please come back later."),
    "nothing": _("Nothing was changed: it was so already."),
}
"""Messages shown after an act, by the value of ``done`` in the URL."""
_STATES: dict[State, Promise] = {
    **STATES_FOR_PERSON,
    State.IDENTITY_PENDING: _("The school first makes sure that it is you"),
    State.WITH_CLIENT: _("The school decides"),
}


class DataForm(forms.Form):
    """Form for a guardian's request about a child's data; no option is preselected."""

    wish = forms.ChoiceField(label=_("What should happen?"), widget=forms.RadioSelect)
    text = make_text_field(_("Anything to add"), rows=3, most=2000, required=False)

    def __init__(self, *args: Any, refused: Container[Wish], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "wish", [(wish.value, wish.label) for wish in Wish if wish not in refused])


@about_child(GET_OR_POST)
def ask_for_data(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Let a guardian exercise the child's rights; show their requests, and which are not possible and why."""
    at = get_client_time(request)
    refused = list_request_blockers(ward.guardianship, at=at)
    form = DataForm(request.POST if request.method == "POST" else None, refused=refused)
    if form.is_valid():
        return _record_request(request, ward, form.cleaned_data["wish"], form.cleaned_data["text"])
    done = request.GET.get("done", "")
    reasons: defaultdict[RequestBlocker, list[str]] = defaultdict(list)
    for wish, why in refused.items():
        reasons[why].append(str(_name_right(RIGHT_OF[wish])))
    return public_page(
        request,
        "guardian/data.html",
        title=_("The child’s data"),
        client=ward.child.client,
        notices=list_erasures_of_ward(ward.visit.person, ward.child, at),
        ward=ward,
        form=form,
        refused=[(" · ".join(rights), _BLOCKERS[why]) for why, rights in reasons.items()],
        rows=describe_requests(_own_requests(ward), at, name=_name_right, describe=_describe_progress),
        done=DONE_TEXTS.get(done),
        is_refused=done == "contact_too_new",
        asks_after_withdrawal=done == "withdrawn",
    )


def _name_right(kind: RightKind) -> str | Promise:
    return _NAMES.get(kind, kind.label)


def _own_requests(ward: ChildView) -> RightsRequestQuerySet:
    own = {"client_id": ward.child.client_id, "subject": ward.child, "requester": ward.visit.person}
    return RightsRequest.objects.filter(**own)


def _describe_progress(row: RightsRequest) -> str | Promise:
    answered, total = count_answers(Parent(PARENT, row.pk), client_id=row.client_id)
    if row.is_open and answered < total:
        return _("%(answered)s of %(total)s systems have answered") % {"answered": answered, "total": total}
    return _STATES[State(row.state)]


@about_child(POST)
def end_request(request: HttpRequest, ward: ChildView) -> HttpResponse:
    row = find_posted(request, _own_requests(ward).defer("details", "contact", "answer"))
    try:
        deny_own_request(row, by_code=True, actor=ward.actor, at=get_client_time(request))
    except ContactTooNew:
        return _show_done(ward, "contact_too_new")
    except (AlreadyAnswered, ErasureGranted, RequestEnded):
        return _show_done(ward, "nothing")
    return _show_done(ward, "ended")


def _record_request(request: HttpRequest, ward: ChildView, wish: str, text: str) -> HttpResponse:
    """Record a request. The code verifies the guardian, unless their contact is too new."""
    at = get_client_time(request)
    try:
        made = record_guardian_request(
            ward.child,
            guardian=ward.visit.person,
            wish=wish,
            text=text,
            identity=IdentityMethod.CODE if is_contact_settled(ward.visit.person, at) else "",
            channel=Channel.OWN_PAGE,
            language=language_of(),
            actor=ward.actor,
            at=at,
        )
    except (RequestNotAllowed, GuardianshipUnknown):  # their authority has changed since the page was shown
        return _show_done(ward, "nothing")
    if made is None:
        return _show_done(ward, "kept")
    is_undecided = wish == Wish.COPY and any(not part.decision for part in list_parts(made))
    return _show_done(ward, "asked" if is_undecided else f"asked_{wish}")


def _show_done(ward: ChildView, done: str) -> HttpResponse:
    return redirect_to_page("guardian-data", ward.child.pk, done=done if done in DONE_TEXTS else "asked")


@about_child(GET_OR_POST)
def show_copy(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    own = RightsRequest.objects.filter(pk=rights_request, subject=ward.child, requester=ward.visit.person)
    row = find_fetchable(own, ward.visit, at=get_client_time(request))
    url, back_url = page_url("guardian-copy", ward.child.pk, row.pk), page_url("guardian-data", ward.child.pk)
    return answer_copy(request, CopyPage(ward.visit, ward.actor, row, url, back_url))
