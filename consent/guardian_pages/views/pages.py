"""The guardian's pages: all children, one child, the service, outside recipients, and the confirmation."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.guardians.selectors.guardians import GuardianshipUnknown
from children.guardians.services.answers import NoConsentGiven, TooWeakToShare
from children.invitations.notice_tokens import ShownNotice, TokenForged, TokenStale, sign_token, verify_token
from children.invitations.services.answering import (
    AnswerContext,
    NothingToConfirm,
    NotTheGuardian,
    confirm_yes,
    record_service_consent,
    record_service_refusal,
    record_sharing_answer,
    withdraw_service_consent,
)
from children.invitations.services.inviting import ContactRefused
from consent.consents.selectors.choices import Choice, list_choices
from consent.consents.selectors.service_notices import ServiceNotice, service_notice
from consent.guardian_pages.views.child_views import (
    ChildView,
    about_child,
    language_of,
    list_children_on_page,
    own_page,
)
from consent.guardian_pages.views.texts import DONE_TEXTS, OVERALL_TEXTS, OWN_ANSWER_TEXTS
from consent.preference_centre.texts import BASIS_TEXTS, STATES, TONES
from consent.register.purpose_texts import describe_purpose
from consent.sharing.own_pages import describe_disclosures
from paktaleem.directory.access_links.decorators import Visit
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import page_url, public_page

_GET = require_http_methods(["GET", "HEAD"])
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
_POST = require_http_methods(["POST"])
SERVICE, SHARING = "service", "sharing"
_REFUSED = (ContactRefused, NotTheGuardian, GuardianshipUnknown, TooWeakToShare)


@_GET
@own_page
def show_all(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the signed-in guardian's children, with the state of each."""
    wards = list_children_on_page(request, visit)
    return public_page(
        request,
        "guardian/all.html",
        title=_("Your children at the school"),
        client=visit.person.client,
        rows=[_row(ward) for ward in wards if ward.is_fit],
        unfit=any(not ward.is_fit for ward in wards),
        done=DONE_TEXTS.get(request.GET.get("done", "")),
    )


@_GET
@about_child
def show_child(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Show one child: the service, outside recipients, each purpose, and requests about the data."""
    found = list_choices(ward.child, actor=ward.actor, at=get_client_time(request)) if ward.gave else []
    return public_page(
        request,
        "guardian/child.html",
        title=ward.name or _("Your child"),
        client=ward.child.client,
        row=_row(ward),
        purposes=[_purpose(ward, choice) for choice in found if choice.rests_on_consent],
        weak_for=[
            _purpose_name(choice) for choice in found if not choice.rests_on_consent and _is_too_weak(ward, choice)
        ],
        received=_describe_disclosures(ward),
        done=DONE_TEXTS.get(request.GET.get("done", "")),
    )


def _describe_disclosures(ward: ChildView) -> dict[str, Any] | None:
    """Return who received the child's data; None if the guardian may not receive data about the child."""
    if not ward.receives_data:
        return None
    return describe_disclosures(ward.child, actor=ward.actor, language=language_of())


def _row(ward: ChildView) -> dict[str, Any]:
    own = "waits" if ward.waits else ward.answer.decision if ward.answer else ""
    if own == "given" and not ward.gave:
        own = "lapsed"
    return {
        "ward": ward,
        "own": OWN_ANSWER_TEXTS.get(own, OWN_ANSWER_TEXTS[""]),
        "own_state": own,
        "overall": OVERALL_TEXTS.get(ward.standing.state or "", OVERALL_TEXTS[""]),
        "tone": "good" if ward.standing.state == "given" else "warn",
        "may_give": not ward.gave and (not ward.waits or ward.reads_again or ward.is_strong),
        "shares": bool(ward.answer and ward.answer.shares),
    }


def _purpose_name(choice: Choice) -> str:
    return describe_purpose(choice.purpose, language_of()).name


def _is_too_weak(ward: ChildView, choice: Choice) -> bool:
    return ward.needs_more(choice.purpose.code)


def _purpose(ward: ChildView, choice: Choice) -> dict[str, Any]:
    text = describe_purpose(choice.purpose, language_of())
    return {
        "choice": choice,
        "needs_more": _is_too_weak(ward, choice),
        "name": text.name,
        "text": text,
        "state": STATES[choice.state],
        "tone": TONES.get(choice.state, "calm"),
        "why": BASIS_TEXTS[choice.basis.basis],
    }


@_GET_OR_POST
@about_child
def answer_service_page(request: HttpRequest, ward: ChildView, question: str = SERVICE) -> HttpResponse:
    """Show the question with equally prominent choices (yes, no, later), then record the answer."""
    if question == SHARING and not (ward.gave and ward.is_strong):
        return redirect_to_child(ward, "nothing")
    notice = service_notice(ward.child.client, ward.child.roles, at=ward.saying().at, language=language_of())
    if request.method != "POST":
        return _render_question(request, ward, notice, question)
    act = _ANSWERS[question].get(request.POST.get("answer", ""))
    if act is None:
        return redirect_to_child(ward, "later")
    try:
        shown_at = verify_token(
            request.POST.get("shown", ""), _notice_seen(ward, notice, question), kept_for=settings.NOTICE_SHOWN_FOR
        )
        return redirect_to_child(ward, act(ward.saying(notice.hash, shown_at)))
    except (TokenForged, TokenStale):
        return _render_question(request, ward, notice, question, status=HTTPStatus.CONFLICT, is_stale=True)
    except _REFUSED:
        return redirect_to_child(ward, "nothing")


def _render_question(
    request: HttpRequest,
    ward: ChildView,
    notice: ServiceNotice,
    question: str,
    *,
    status: int = HTTPStatus.OK,
    is_stale: bool = False,
) -> HttpResponse:
    title = _("May your child use the platform?") if question == SERVICE else _("May data go to recipients outside?")
    return public_page(
        request,
        f"guardian/{question}.html",
        title=title,
        status=status,
        client=ward.child.client,
        row=_row(ward),
        notice=notice,
        weak_for=[use.text.name for use in (*notice.uses, *notice.asked_apart) if ward.needs_more(use.code)],
        why=BASIS_TEXTS,
        shown=sign_token(_notice_seen(ward, notice, question)),
        is_stale=is_stale,
    )


def _notice_seen(ward: ChildView, notice: ServiceNotice, question: str) -> ShownNotice:
    at = get_client_time(ward.request)
    return ShownNotice(ward.visit.person.pk, ward.child.pk, question, notice.hash, at)


def _record_yes(saying: AnswerContext) -> str:
    return record_service_consent(saying).value


def _record_no(saying: AnswerContext) -> str:
    record_service_refusal(saying)
    return "refused"


def _allow_sharing(saying: AnswerContext) -> str:
    record_sharing_answer(saying, shares=True)
    return "shares"


def _refuse_sharing(saying: AnswerContext) -> str:
    record_sharing_answer(saying, shares=False)
    return "keeps"


_ANSWERS: Mapping[str, Mapping[str, Callable[[AnswerContext], str]]] = {
    SERVICE: {"give": _record_yes, "refuse": _record_no},
    SHARING: {"give": _allow_sharing, "refuse": _refuse_sharing},
}


@_POST
@about_child
def confirm(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Record the second confirmation of a consent, or that the guardian did not give it."""
    if request.POST.get("answer") == "refuse":
        record_service_refusal(ward.saying())
        return redirect_to_child(ward, "refused")
    try:
        confirm_yes(ward.saying(ward.words_now))
    except NothingToConfirm:
        return redirect_to_child(ward, "early")
    except TokenStale:
        return redirect_to_child(ward, "changed")
    except _REFUSED:
        return redirect_to_child(ward, "nothing")
    return redirect_to_child(ward, "confirmed")


@_POST
@about_child
def withdraw_service(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Withdraw consent to the service, then redirect to the question what should happen to the data."""
    del request
    try:
        withdraw_service_consent(ward.saying())
    except (NoConsentGiven, GuardianshipUnknown):
        return redirect_to_child(ward, "nothing")
    return redirect_to_data_question(ward)


def redirect_to_data_question(ward: ChildView) -> HttpResponse:
    """Redirect, after a withdrawal, to the question what should happen to the data."""
    return HttpResponseRedirect(f"{page_url('guardian-data', ward.child.pk)}&done=withdrawn")


def redirect_to_child(ward: ChildView, done: str) -> HttpResponse:
    """Redirect to the child's page, which shows the message for ``done``."""
    return HttpResponseRedirect(f"{page_url('guardian-child', ward.child.pk)}&done={done}")
