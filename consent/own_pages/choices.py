"""Views of the preference centre: GET shows, POST acts; giving and withdrawing take one button each."""

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.invitations.selectors import list_wards
from consent.consents.models import ConsentState, Method
from consent.consents.selectors.consents import Choice, get_choice, list_choices, select_consent_events
from consent.consents.services.consent_basis import ChildMayNotGive, NoticeNotInEffect
from consent.consents.services.recording import (
    Answer,
    AnswerArguments,
    ConsentNotBased,
    NothingToWithdraw,
    PurposeUnknown,
    record_answers,
    withdraw_consent,
)
from consent.consents.services.restrictions import object_to_purpose, withdraw_objection
from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import (
    ShownNotice,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenMissing,
    sign_notice_token,
)
from consent.notices.selectors.registers import list_category_names
from consent.receipts.views import print_receipt
from consent.register.compiled import describe_purpose
from consent.sharing.own_pages import describe_disclosures
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import GET, GET_OR_POST, POST, Visit, own_page
from paktaleem.foundation.accounts.actors import ReasonedAuthorship
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.web.public.pages import public_page, redirect_to_page

STATES: dict[str, Promise] = {
    "unknown": _("Not answered yet: not allowed"),
    "requested": _("Not answered yet: not allowed"),
    "deferred": _("Deferred: not allowed"),
    "given": _("Allowed"),
    "refused": _("Refused: not allowed"),
    "withdrawn": _("Taken back: not allowed"),
    "revoked": _("Ended by the institution: not allowed"),
    "expired": _("Expired: not allowed until you decide again"),
    "outdated": _("The text has changed: not allowed until you decide again"),
    "invalidated": _("Not valid: not allowed"),
}
WIDENED: Promise = _("It has changed: not allowed until you decide again")
"""The state of a consent to a purpose that was widened since."""
TONES = {"given": "good", "expired": "warn", "outdated": "warn"}

BASIS_TEXTS: dict[str, Promise] = {
    "consent": _("This happens only if you allow it. You may take it back at any time."),
    "legitimate_interest": _(
        "This is based on an interest that was weighed against yours. You may object, and it then stops for you."
    ),
    "contract": _(
        "This is needed to provide what your institution and you have agreed on, so there is nothing to allow or "
        "refuse here: it ends when your account is closed."
    ),
    "legal_obligation": _("The law requires this, so neither you nor we can switch it off."),
}

DONE_MESSAGES: dict[str, Promise] = {
    "given": _("Allowed, from now on."),
    "refused": _("Refused. It is not allowed."),
    "withdrawn": _("Taken back. It is not allowed from now on."),
    "objected": _("Your objection is recorded. It stops for you from now on."),
    "lifted": _("Your objection is taken back."),
    "nothing": _("Nothing was changed: it was so already."),
}
"""Messages after an action, by the code in the URL."""


NOTICE_STALE = (TokenExpired, TokenMissing, TokenForged, TokenForeign, NoticeNotInEffect)
"""Errors after which the notice is shown again."""
ANSWERS = {"give": ConsentState.GIVEN, "refuse": ConsentState.REFUSED}


@own_page(Page.CHOICES, GET)
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    found = list_choices(visit.subject, actor=visit.actor, at=get_client_time(request))
    rows = [serialize_choice(choice) for choice in found]
    return public_page(
        request,
        "choices/list.html",
        title=_("Your privacy choices"),
        client=visit.subject.client,
        yours=[row for row in rows if row["choice"].rests_on_consent],
        others=[row for row in rows if not row["choice"].rests_on_consent],
        is_child=any(row["choice"].is_decided_for for row in rows),
        is_guardian=not visit.is_for_child and bool(list_wards(visit.person, at=get_client_time(request))),
        received=describe_disclosures(visit.subject, actor=visit.actor, language=translation.get_language() or "en"),
        done=DONE_MESSAGES.get(request.GET.get("done", "")),
    )


@own_page(Page.CHOICES, GET)
def receipt(request: HttpRequest, visit: Visit, event: UUID) -> HttpResponse:
    own = select_consent_events(visit.subject, actor=visit.actor, until=get_client_time(request))
    answered = get_object_or_404(own.select_related("client"), pk=event)
    return print_receipt(request, answered, language=translation.get_language() or "en")


def serialize_choice(choice: Choice) -> dict[str, Any]:
    language = translation.get_language() or "en"
    text = describe_purpose(choice.purpose, language)
    return {
        "choice": choice,
        "name": text.name,
        "text": text,
        "state": WIDENED if choice.is_widened else STATES[choice.state],
        "tone": TONES.get(choice.state, "calm"),
        "why": BASIS_TEXTS[choice.basis.basis],
        "current_text": _notice_text(choice.current, language, choice),
        "agreed_text": _notice_text(choice.agreed, choice.event.language if choice.event else language, choice),
    }


def _notice_text(version: NoticeVersion | None, language: str, choice: Choice) -> str:
    if version is None:
        return ""
    for_child = version.text(language, for_children=True) if choice.is_decided_for else ""
    return for_child or version.text(language)


@own_page(Page.CHOICES, GET_OR_POST)
def answer_purpose(request: HttpRequest, visit: Visit, purpose: str) -> HttpResponse:
    """Show the notice in effect, and record the answer; consent and refusal have equal weight."""
    choice = get_choice(visit.subject, purpose, actor=visit.actor, at=get_client_time(request))
    if request.method != "POST":
        return _render_question(request, visit, choice)
    state = ANSWERS.get(request.POST.get("answer", ""))
    if state is None or not (choice.may_give or (state == ConsentState.REFUSED and choice.may_refuse)):
        return redirect_to_page("choices", done="nothing")
    try:
        record_answers(
            visit.subject,
            answers=[Answer(purpose, state)],
            shown=request.POST.get("shown") or None,
            **_answer_arguments(request, visit),
        )
    except NOTICE_STALE:
        return _render_question(request, visit, choice, status=HTTPStatus.CONFLICT, is_stale=True)
    except (ConsentNotBased, PurposeUnknown, ChildMayNotGive):
        return redirect_to_page("choices", done="nothing")
    return redirect_to_page("choices", done=state.value)


def _render_question(
    request: HttpRequest, visit: Visit, choice: Choice, *, status: int = 200, is_stale: bool = False
) -> HttpResponse:
    if choice.current is None or not (choice.may_give or choice.may_refuse):
        return redirect_to_page("choices", done="nothing")
    return public_page(
        request,
        "choices/ask.html",
        title=serialize_choice(choice)["name"],
        status=status,
        client=visit.subject.client,
        row=serialize_choice(choice),
        **list_shown(choice, choice.current, visit.subject.client_id, at=get_client_time(request)),
        is_stale=is_stale,
    )


def list_shown(choice: Choice, version: NoticeVersion, client_id: UUID, *, at: datetime) -> dict[str, Any]:
    language = translation.get_language() or "en"
    shown = ShownNotice(version.pk, tuple(version.notice.purposes), language, client_id, at)
    data = list_category_names(client_id, choice.purpose.categories, language=language)
    return {"data": data, "shown": sign_notice_token(shown)}


@own_page(Page.CHOICES, POST)
def change_choice(request: HttpRequest, visit: Visit, purpose: str) -> HttpResponse:
    act = request.POST.get("act")
    if act not in {"withdraw", "refuse", "object", "lift"}:
        raise Http404
    choice = get_choice(visit.subject, purpose, actor=visit.actor, at=get_client_time(request))
    answer, done = _answer_arguments(request, visit), "nothing"
    by = ReasonedAuthorship(actor=visit.actor, reason=Reason.SUBJECT_REQUEST, at=get_client_time(request))
    match act:
        case "withdraw":
            with suppress(NothingToWithdraw):
                withdraw_consent(visit.subject, purpose=purpose, **answer)
                done = "withdrawn"
        case "refuse" if choice.may_refuse:
            record_answers(visit.subject, answers=[Answer(purpose, ConsentState.REFUSED)], **answer)
            done = "refused"
        case "object" if choice.may_object:
            object_to_purpose(visit.subject, purpose_code=purpose, **by)
            done = "objected"
        case "lift" if choice.objection:
            withdraw_objection(choice.objection, **by)
            done = "lifted"
    return redirect_to_page("choices", done=done)


def _answer_arguments(request: HttpRequest, visit: Visit) -> AnswerArguments:
    return {
        "method": Method.WEB,
        "language": translation.get_language() or "en",
        "actor": visit.actor,
        "at": get_client_time(request),
    }
