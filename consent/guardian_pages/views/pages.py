"""The guardian's pages: all children, one child, the service, outside recipients, and the confirmation."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import NothingGiven, TooWeakToShare
from children.invitations.services import (
    ContactRefused,
    NotAskedAgain,
    NotTheirs,
    Saying,
    answer_sharing,
    confirm_yes,
    say_no,
    say_yes,
    take_back,
)
from children.invitations.shown import NoticeSeen, SeenForged, SeenStale, check_seen, sign_seen
from consent.consents.selectors.choices import Choice, choices_of
from consent.guardian_pages.views.notices import ServiceNotice, service_notice
from consent.guardian_pages.views.wards import Ward, about_child, language_of, own_page, wards_on_page
from consent.guardian_pages.views.words import DONE, OVERALL, OWN
from consent.preference_centre.words import STATES, TONES, WHY
from paktaleem.directory.access_links.visits import Visit
from paktaleem.foundation.accounts.requests import moment_of
from paktaleem.foundation.public.pages import page_address, public_page

__all__ = ["ask_service", "ask_what_shall_happen", "back", "confirm", "show_all", "show_child", "take_service_back"]

_GET = require_http_methods(["GET", "HEAD"])
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
_POST = require_http_methods(["POST"])
SERVICE, SHARING = "service", "sharing"
_REFUSED = (ContactRefused, NotTheirs, GuardianshipUnknown, TooWeakToShare)


@_GET
@own_page
def show_all(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the signed-in guardian's children, with the state of each."""
    wards = wards_on_page(request, visit)
    return public_page(
        request,
        "guardian/all.html",
        title=_("Your children at the school"),
        client=visit.person.client,
        rows=[_row(ward) for ward in wards if ward.is_fit],
        unfit=any(not ward.is_fit for ward in wards),
        done=DONE.get(request.GET.get("done", "")),
    )


@_GET
@about_child
def show_child(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Show one child: the service, outside recipients, each purpose, and requests about the data."""
    found = choices_of(ward.child, actor=ward.actor, at=moment_of(request)) if ward.gave else []
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
        done=DONE.get(request.GET.get("done", "")),
    )


def _row(ward: Ward) -> dict[str, Any]:
    own = "waits" if ward.waits else ward.answer.decision if ward.answer else ""
    if own == "given" and not ward.gave:
        own = "lapsed"
    return {
        "ward": ward,
        "own": OWN.get(own, OWN[""]),
        "own_state": own,
        "overall": OVERALL.get(ward.standing.state or "", OVERALL[""]),
        "tone": "good" if ward.standing.state == "given" else "warn",
        "may_give": not ward.gave and (not ward.waits or ward.reads_again or ward.is_strong),
        "shares": bool(ward.answer and ward.answer.shares),
    }


def _purpose_name(choice: Choice) -> str:
    return str(getattr(choice.purpose, f"name_{language_of()}"))


def _is_too_weak(ward: Ward, choice: Choice) -> bool:
    return ward.needs_more(choice.purpose.code)


def _purpose(ward: Ward, choice: Choice) -> dict[str, Any]:
    language = language_of()
    return {
        "choice": choice,
        "needs_more": _is_too_weak(ward, choice),
        "name": _purpose_name(choice),
        "description": getattr(choice.purpose, f"description_{language}"),
        "state": STATES[choice.state],
        "tone": TONES.get(choice.state, "calm"),
        "why": WHY[choice.basis.basis],
    }


@_GET_OR_POST
@about_child
def ask_service(request: HttpRequest, ward: Ward, question: str = SERVICE) -> HttpResponse:
    """Show the question with equally prominent choices (yes, no, later), then record the answer."""
    if question == SHARING and not (ward.gave and ward.is_strong):
        return back(ward, "nothing")
    notice = service_notice(ward.child, ward.visit.person, at=ward.saying().at, language=language_of())
    if request.method != "POST":
        return _render_question(request, ward, notice, question)
    act = _ANSWERS[question].get(request.POST.get("answer", ""))
    if act is None:
        return back(ward, "later")
    try:
        shown_at = check_seen(
            request.POST.get("shown", ""), _notice_seen(ward, notice, question), kept_for=settings.NOTICE_SHOWN_FOR
        )
        return back(ward, act(ward.saying(notice.hash, shown_at)))
    except (SeenForged, SeenStale):
        return _render_question(request, ward, notice, question, status=HTTPStatus.CONFLICT, is_stale=True)
    except _REFUSED:
        return back(ward, "nothing")


def _render_question(
    request: HttpRequest,
    ward: Ward,
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
        weak_for=[use.name for use in (*notice.uses, *notice.asked_apart) if ward.needs_more(use.code)],
        why=WHY,
        shown=sign_seen(_notice_seen(ward, notice, question)),
        is_stale=is_stale,
    )


def _notice_seen(ward: Ward, notice: ServiceNotice, question: str) -> NoticeSeen:
    at = moment_of(ward.request)
    return NoticeSeen(ward.visit.person.pk, ward.child.pk, question, notice.hash, at)


def _record_yes(saying: Saying) -> str:
    return say_yes(saying).value


def _record_no(saying: Saying) -> str:
    say_no(saying)
    return "refused"


def _allow_sharing(saying: Saying) -> str:
    answer_sharing(saying, shares=True)
    return "shares"


def _refuse_sharing(saying: Saying) -> str:
    answer_sharing(saying, shares=False)
    return "keeps"


_ANSWERS: Mapping[str, Mapping[str, Callable[[Saying], str]]] = {
    SERVICE: {"give": _record_yes, "refuse": _record_no},
    SHARING: {"give": _allow_sharing, "refuse": _refuse_sharing},
}


@_POST
@about_child
def confirm(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Record the second confirmation of a consent, or that the guardian did not give it."""
    if request.POST.get("answer") == "refuse":
        say_no(ward.saying())
        return back(ward, "refused")
    try:
        confirm_yes(ward.saying(ward.words_now))
    except NotAskedAgain:
        return back(ward, "early")
    except SeenStale:
        return back(ward, "changed")
    except _REFUSED:
        return back(ward, "nothing")
    return back(ward, "confirmed")


@_POST
@about_child
def take_service_back(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Withdraw consent to the service, then redirect to the question what should happen to the data."""
    del request
    try:
        take_back(ward.saying())
    except (NothingGiven, GuardianshipUnknown):
        return back(ward, "nothing")
    return ask_what_shall_happen(ward)


def ask_what_shall_happen(ward: Ward) -> HttpResponse:
    """Redirect, after a withdrawal, to the question what should happen to the data."""
    return HttpResponseRedirect(f"{page_address('guardian-data', ward.child.pk)}&done=withdrawn")


def back(ward: Ward, done: str) -> HttpResponse:
    """Redirect to the child's page, which shows the message for ``done``."""
    return HttpResponseRedirect(f"{page_address('guardian-child', ward.child.pk)}&done={done}")
