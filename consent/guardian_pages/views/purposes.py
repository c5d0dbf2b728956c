"""The page of one purpose based on consent: the notice, the answer, and the withdrawal."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from consent.consents.models.consents import ConsentState, GivenBy, Method
from consent.consents.selectors.choices import Choice, ChoiceUnknown, get_choice
from consent.consents.selectors.service_notices import recipients_of
from consent.consents.services.consent_basis import NoticeNotInEffect
from consent.consents.services.givers import ChildMayNotGive, GuardianUnknown
from consent.consents.services.recording import (
    Answer,
    ConsentNotBased,
    NothingToWithdraw,
    PurposeUnknown,
    record_answers,
    withdraw_consent,
)
from consent.guardian_pages.views.child_views import ChildView, about_child, language_of
from consent.guardian_pages.views.pages import redirect_to_child, redirect_to_data_question
from consent.notices.notice_tokens import (
    ShownNotice,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenMissing,
    sign_notice_token,
)
from consent.notices.selectors.public import list_category_names
from consent.preference_centre.texts import BASIS_TEXTS
from consent.register.purpose_texts import describe_purpose
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import public_page

_STALE = (TokenExpired, TokenMissing, TokenForged, TokenForeign, NoticeNotInEffect)
_REFUSED = (ConsentNotBased, PurposeUnknown, ChildMayNotGive, GuardianUnknown)


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_purpose(request: HttpRequest, ward: ChildView, purpose: str) -> HttpResponse:
    """Show the notice in effect, then record the guardian's answer."""
    choice = _choice(request, ward, purpose)
    if request.method != "POST":
        return _render_question(request, ward, choice)
    state = {"give": ConsentState.GIVEN, "refuse": ConsentState.REFUSED}.get(request.POST.get("answer", ""))
    if state is None:
        return redirect_to_child(ward, "later")
    if (instead := _why_not_possible(ward, choice, state)) is not None:
        return redirect_to_child(ward, instead)
    try:
        answers = [Answer(purpose, state)]
        record_answers(
            ward.child, answers=answers, shown=request.POST.get("shown") or None, **_answer_context(request, ward)
        )
    except _STALE:
        return _render_question(request, ward, choice, status=HTTPStatus.CONFLICT, is_stale=True)
    except _REFUSED:
        return redirect_to_child(ward, "nothing")
    return redirect_to_child(ward, "allowed" if state == ConsentState.GIVEN else "not_allowed")


def _why_not_possible(ward: ChildView, choice: Choice, state: ConsentState) -> str | None:
    if state == ConsentState.GIVEN and ward.needs_more(choice.purpose.code):
        return "weak"
    return None if choice.may_give or (state == ConsentState.REFUSED and choice.may_refuse) else "nothing"


@require_http_methods(["POST"])
@about_child
def withdraw_purpose(request: HttpRequest, ward: ChildView, purpose: str) -> HttpResponse:
    """Withdraw consent to one purpose, then redirect to the question what should happen to the data."""
    choice = _choice(request, ward, purpose)
    try:
        withdraw_consent(ward.child, purpose=choice.purpose.code, **_answer_context(request, ward))
    except NothingToWithdraw:
        return redirect_to_child(ward, "nothing")
    return redirect_to_data_question(ward)


def _render_question(
    request: HttpRequest, ward: ChildView, choice: Choice, *, status: int = HTTPStatus.OK, is_stale: bool = False
) -> HttpResponse:
    if choice.current is None or not (choice.may_give or choice.may_refuse):
        return redirect_to_child(ward, "nothing")
    at, language, version = get_client_time(request), language_of(), choice.current
    shown = ShownNotice(version.pk, tuple(version.notice.purposes), language, ward.child.client_id, at)
    purpose = describe_purpose(choice.purpose, language)
    return public_page(
        request,
        "guardian/purpose.html",
        title=purpose.name,
        status=status,
        client=ward.child.client,
        ward=ward,
        choice=choice,
        needs_more=ward.needs_more(choice.purpose.code),
        purpose=purpose,
        notice=version.text(language),
        data=list_category_names(ward.child.client_id, choice.purpose.categories, language=language),
        why=BASIS_TEXTS["consent"],
        recipients=recipients_of(ward.child.client_id, at=at).get(choice.purpose.code, []),
        shown=sign_notice_token(shown),
        is_stale=is_stale,
    )


def _choice(request: HttpRequest, ward: ChildView, purpose: str) -> Choice:
    """Return a purpose that the guardian may decide about. Raises Http404 without their consent to the service."""
    if not ward.gave:
        raise Http404(_("Please decide about the service first."))
    try:
        choice = get_choice(ward.child, purpose, actor=ward.actor, at=get_client_time(request))
    except ChoiceUnknown as error:
        raise Http404 from error
    if not choice.rests_on_consent:
        raise Http404
    return choice


def _answer_context(request: HttpRequest, ward: ChildView) -> dict[str, Any]:
    return {
        "given_by": GivenBy.GUARDIAN,
        "guardian": ward.visit.person,
        "method": Method.WEB,
        "language": language_of(),
        "actor": ward.actor,
        "at": get_client_time(request),
    }
