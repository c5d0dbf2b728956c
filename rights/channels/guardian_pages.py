"""The guardian's page about a child's data: their requests, what is refused and why, and the copies."""

from collections import defaultdict
from collections.abc import Container
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.guardians.authority import RequestBlocker
from children.guardians.selectors import GuardianshipUnknown
from consent.own_pages.guardian_pages import ChildView, about_child, language_of
from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.access_links.sessions import GET_OR_POST, POST
from paktaleem.directory.data_systems.selectors import Parent, count_answers
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.web.public.pages import page_url, public_page, redirect_to_page
from rights.channels.guardians import RIGHT_OF, Wish, list_request_blockers, record_guardian_request
from rights.channels.views import STATES_FOR_PERSON, describe_requests, find_posted
from rights.erasures.views import list_erasures_of_ward
from rights.packages.views import CopyPage, answer_copy, find_fetchable
from rights.requests.fields import make_text_field
from rights.requests.models import PARENT, Channel, IdentityMethod, RightKind, RightsRequest, RightsRequestQuerySet
from rights.requests.services.clock import AlreadyAnswered
from rights.requests.services.decisions import RequestNotAllowed
from rights.requests.services.intake import ContactTooNew, ErasureGranted, deny_own_request
from rights.requests.services.steps import RequestEnded, list_parts
from rights.requests.states import State

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
    """End one of the guardian's own requests that is not answered yet."""
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
    """Show the state of the copy of a request that the guardian made for the child; POST fetches it."""
    own = RightsRequest.objects.filter(pk=rights_request, subject=ward.child, requester=ward.visit.person)
    row = find_fetchable(own, ward.visit, at=get_client_time(request))
    url, back_url = page_url("guardian-copy", ward.child.pk, row.pk), page_url("guardian-data", ward.child.pk)
    return answer_copy(request, CopyPage(ward.visit, ward.actor, row, url, back_url))
