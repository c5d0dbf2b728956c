"""The guardian's page: all children of one guardian, and the service, sharing and confirmation for each."""

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
    """Show every child for whom whoever came in stands as a guardian, and where each stands."""
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
    """Show one child: the service, recipients outside, each purpose apart, and what else may be asked."""
    found = choices_of(ward.child, actor=ward.actor, at=moment_of(request)) if ward.gave else []
    return public_page(
        request,
        "guardian/child.html",
        title=ward.name or _("Your child"),
        client=ward.child.client,
        row=_row(ward),
        purposes=[_purpose(ward, choice) for choice in found if choice.rests_on_consent],
        weak_for=[_named(choice) for choice in found if not choice.rests_on_consent and _is_too_weak(ward, choice)],
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


def _named(choice: Choice) -> str:
    return str(getattr(choice.purpose, f"name_{language_of()}"))


def _is_too_weak(ward: Ward, choice: Choice) -> bool:
    return ward.needs_more(choice.purpose.code)


def _purpose(ward: Ward, choice: Choice) -> dict[str, Any]:
    language = language_of()
    return {
        "choice": choice,
        "needs_more": _is_too_weak(ward, choice),
        "name": _named(choice),
        "description": getattr(choice.purpose, f"description_{language}"),
        "state": STATES[choice.state],
        "tone": TONES.get(choice.state, "calm"),
        "why": WHY[choice.basis.basis],
    }


@_GET_OR_POST
@about_child
def ask_service(request: HttpRequest, ward: Ward, question: str = SERVICE) -> HttpResponse:
    """Show what is asked, then take the answer to it: yes, no and later side by side, alike in size."""
    if question == SHARING and not (ward.gave and ward.is_strong):
        return back(ward, "nothing")
    notice = service_notice(ward.child, ward.visit.person, at=ward.saying().at, language=language_of())
    if request.method != "POST":
        return _ask(request, ward, notice, question)
    act = _ANSWERS[question].get(request.POST.get("answer", ""))
    if act is None:
        return back(ward, "later")
    try:
        shown_at = check_seen(
            request.POST.get("shown", ""), _seen(ward, notice, question), kept_for=settings.NOTICE_SHOWN_FOR
        )
        return back(ward, act(ward.saying(notice.hash, shown_at)))
    except (SeenForged, SeenStale):
        return _ask(request, ward, notice, question, status=HTTPStatus.CONFLICT, is_stale=True)
    except _REFUSED:
        return back(ward, "nothing")


def _ask(
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
        shown=sign_seen(_seen(ward, notice, question)),
        is_stale=is_stale,
    )


def _seen(ward: Ward, notice: ServiceNotice, question: str) -> NoticeSeen:
    at = moment_of(ward.request)
    return NoticeSeen(ward.visit.person.pk, ward.child.pk, question, notice.hash, at)


def _yes(saying: Saying) -> str:
    return say_yes(saying).value


def _no(saying: Saying) -> str:
    say_no(saying)
    return "refused"


def _shares(saying: Saying) -> str:
    answer_sharing(saying, shares=True)
    return "shares"


def _keeps(saying: Saying) -> str:
    answer_sharing(saying, shares=False)
    return "keeps"


_ANSWERS: Mapping[str, Mapping[str, Callable[[Saying], str]]] = {
    SERVICE: {"give": _yes, "refuse": _no},
    SHARING: {"give": _shares, "refuse": _keeps},
}


@_POST
@about_child
def confirm(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Take the second confirmation of a yes, or that it was not theirs."""
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
    """Take a yes back: it stops at once, and what shall happen to the data is asked afterwards."""
    del request
    try:
        take_back(ward.saying())
    except (NothingGiven, GuardianshipUnknown):
        return back(ward, "nothing")
    return ask_what_shall_happen(ward)


def ask_what_shall_happen(ward: Ward) -> HttpResponse:
    """After a withdrawal, which has stopped it already, lead to the question what shall happen to the data."""
    return HttpResponseRedirect(f"{page_address('guardian-data', ward.child.pk)}&done=withdrawn")


def back(ward: Ward, done: str) -> HttpResponse:
    """Lead back to the child's page and say what was done."""
    return HttpResponseRedirect(f"{page_address('guardian-child', ward.child.pk)}&done={done}")
