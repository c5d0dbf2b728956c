"""The guardian's page about a child's data, and the public form for concerns, which discloses nothing."""

from collections.abc import Container
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.guardians.selectors import GuardianshipUnknown
from consent.own_pages.guardian.views.pages import ChildView, about_child, language_of
from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.access_links.decorators import client_page
from paktaleem.directory.access_links.limits import Limit, count_attempt
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.web.public.pages import error_page, page_url, public_page
from rights.channels.own_page import own_page_extras
from rights.erasures.own_page import list_erasures_of_ward
from rights.guardian_requests.selectors import (
    RequestPage,
    get_request_of_guardian,
    list_request_blockers,
    list_requests_of_guardian,
)
from rights.guardian_requests.services import record_guardian_request
from rights.guardian_requests.texts import DONE_TEXTS, WISH_LABELS, describe_blockers, name_right, render_progress
from rights.guardian_requests.wishes import Wish
from rights.packages.pages import CopyPage, find_fetchable, render_copy, send_copy, send_copy_code
from rights.requests.models import Channel, IdentityMethod, RightKind, RightsRequest
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.intake import ContactTooNew, ErasureGranted, deny_own_request, receive_request
from rights.requests.services.outcomes import RequestNotAllowed
from rights.requests.services.steps import RequestEnded, list_parts


class ConcernForm(forms.Form):
    """Public form for a concern about a child's data."""

    text = forms.CharField(
        label=_("What is your concern?"),
        help_text=_("State the school or platform, and what happened. Name the child only if necessary."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    contact = forms.CharField(
        label=_("How can we contact you?"),
        help_text=_("An email address or telephone number. Without it we will act, but cannot answer you."),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto", "spellcheck": "false"}),
    )


class DataForm(forms.Form):
    """Form for a guardian's request about a child's data; no option is preselected."""

    wish = forms.ChoiceField(label=_("What should happen?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Anything to add"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, refused: Container[Wish], **kwargs: Any) -> None:
        """Offer only the requests that this guardian may make."""
        super().__init__(*args, **kwargs)
        offered = [(wish.value, words) for wish, words in WISH_LABELS.items() if wish not in refused]
        set_choices(self, "wish", offered)


REPORTING = (Limit("concern/ip", 10, timedelta(hours=1)),)
_BY_ANYBODY = system_actor("rights.concern_by_anybody")


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_for_data(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Let a guardian exercise the child's rights; show their requests, and which are not possible and why."""
    refused = list_request_blockers(ward.guardianship, at=get_client_time(request))
    form = DataForm(request.POST if request.method == "POST" else None, refused=refused)
    if form.is_valid():
        return _record_request(request, ward, form.cleaned_data["wish"], form.cleaned_data["text"])
    done, page = request.GET.get("done", ""), _read_page(request, ward)
    return public_page(
        request,
        "guardian/data.html",
        title=_("The child’s data"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
        client=ward.child.client,
        notices=list_erasures_of_ward(ward.visit.person, ward.child, get_client_time(request)),
        ward=ward,
        form=form,
        refused=describe_blockers(refused),
        page=page,
        rows=_list_rows(request, page),
        done=DONE_TEXTS.get(done),
        is_refused=done == "contact_too_new",
        asks_after_withdrawal=done == "withdrawn",
    )


def _read_page(request: HttpRequest, ward: ChildView) -> RequestPage:
    """Return the latest requests, or those after the one of the URL. Raises Http404 if that is not the guardian's."""
    after = request.GET.get("older")
    try:
        return list_requests_of_guardian(ward.child, ward.visit.person, after=None if after is None else UUID(after))
    except (ValueError, RightsRequest.DoesNotExist) as error:
        raise Http404 from error


def _list_rows(request: HttpRequest, page: RequestPage) -> list[dict[str, Any]]:
    at = get_client_time(request)
    return page.requests.map(
        lambda one: {
            "row": one.request,
            "rights": [name_right(kind) for kind in one.rights],
            "state": render_progress(one),
            "may_be_ended": one.may_be_ended,
            "extras": [extra for add in own_page_extras if (extra := add(one.request, at)) is not None],
        }
    )


@require_http_methods(["POST"])
@about_child
def end_request(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """End one of the guardian's own requests that is not answered yet."""
    try:
        row = get_request_of_guardian(ward.child, ward.visit.person, UUID(request.POST.get("request", "")))
    except (ValueError, RightsRequest.DoesNotExist) as error:
        raise Http404 from error
    if not row.may_be_ended:
        return _show_done(ward, "nothing")
    try:
        deny_own_request(row.request, by_code=True, actor=ward.actor, at=get_client_time(request))
    except ContactTooNew:
        return _show_done(ward, "contact_too_new")
    except (AlreadyAnswered, ErasureGranted, RequestEnded):  # meanwhile answered, granted or ended
        return _show_done(ward, "nothing")
    return _show_done(ward, "ended")


def _record_request(request: HttpRequest, ward: ChildView, wish: str, text: str) -> HttpResponse:
    at = get_client_time(request)
    try:
        made = record_guardian_request(
            ward.child,
            guardian=ward.visit.person,
            wish=wish,
            text=text,
            identity=_identity_of(ward, at),
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


def _identity_of(ward: ChildView, at: datetime) -> IdentityMethod | str:
    """Return how the visit verifies the guardian: by the code, unless their contact is too new."""
    return IdentityMethod.CODE if is_contact_settled(ward.visit.person, at) else ""


def _show_done(ward: ChildView, done: str) -> HttpResponse:
    shown = done if done in DONE_TEXTS else "asked"
    return HttpResponseRedirect(f"{page_url('guardian-data', ward.child.pk)}&done={shown}")


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def report_concern(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the form and record a concern; the response does not depend on whether the child is registered."""
    form = ConcernForm(request.POST if request.method == "POST" else None)
    client = Client.objects.get(pk=client_id)
    shown: dict[str, Any] = {"client": client, "form": form}
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        title = _("Report a concern about a child’s data")
        return public_page(request, "concern/report.html", title=title, status=status, **shown)
    if not count_attempt(REPORTING, address="", ip=get_remote_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    row = receive_request(
        client,
        kinds=[RightKind.CHILD_CONCERN],
        channel=Channel.FORM,
        details=form.cleaned_data["text"],
        contact=form.cleaned_data["contact"],
        language=translation.get_language() or "en",
        actor=_BY_ANYBODY,
        at=get_client_time(request),
    )
    return public_page(request, "concern/received.html", title=_("Thank you"), row=row, client=client)


@require_http_methods(["GET", "HEAD"])
@about_child
def show_copy(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Show the state of a copy, with the button that fetches it or requests a code."""
    return render_copy(request, _find(request, ward, rights_request))


@require_http_methods(["POST"])
@about_child
def request_code(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Send a code to the guardian's contact on file, and redirect to the page where it is entered."""
    return send_copy_code(request, _find(request, ward, rights_request))


@require_http_methods(["POST"])
@about_child
def download_copy(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Send the copy as a file, if a code was entered within the last ten minutes."""
    return send_copy(request, _find(request, ward, rights_request))


def _find(request: HttpRequest, ward: ChildView, key: UUID) -> CopyPage:
    """Return the page of a request that the guardian made for the child. Raises Http404."""
    own = RightsRequest.objects.filter(pk=key, subject=ward.child, requester=ward.visit.person)
    row = find_fetchable(own, ward.visit, at=get_client_time(request))
    about = (ward.child.pk, row.pk)
    return CopyPage(
        visit=ward.visit,
        actor=ward.actor,
        row=row,
        url=page_url("guardian-copy", *about),
        code_url=page_url("guardian-copy-code", *about),
        download_url=page_url("guardian-copy-download", *about),
        back_url=page_url("guardian-data", ward.child.pk),
    )
