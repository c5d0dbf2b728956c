"""The page of one purpose based on consent: the notice, the answer, and the withdrawal.

A teacher who is also a parent is one person. A session that a code opened is carried over to the other page; it began
when the code was entered, and ends on both pages together. A session without a code, from the learning platform, is
not: the page about children always needs one.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from children.guardians.models import CheckState, VerificationMethod
from children.guardians.providers import ProviderUnknown, check_providers
from children.guardians.selectors import find_check_url, find_latest_check
from children.guardians.services.checks import MethodNotOffered, TooManyChecks, request_check
from children.guardians.services.guardians import AlreadyEnded
from children.guardians.services.verifications import MayNotConsent
from children.invitations.services.answering import record_guardian_visit
from consent.consents.models import ConsentState, GivenBy, Method
from consent.consents.selectors.consents import Choice, get_choice, recipients_of
from consent.consents.services.consent_basis import ChildMayNotGive, GuardianMayNotAnswer, GuardianUnknown
from consent.consents.services.recording import (
    Answer,
    AnswerArguments,
    ConsentNotBased,
    NothingToWithdraw,
    PurposeUnknown,
    record_answers,
    withdraw_consent,
)
from consent.own_pages.choices import ANSWERS, BASIS_TEXTS, NOTICE_STALE, list_shown
from consent.own_pages.guardian_pages import ChildView, about_child, language_of, redirect_to_child
from consent.register.compiled import describe_purpose
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import GET_OR_POST, POST, Visit, own_page, set_page_session
from paktaleem.foundation.accounts.actors import ReasonedAuthorship
from paktaleem.foundation.accounts.middleware import as_received, get_client_time
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.web.public.pages import public_page, redirect_to_page

_REFUSED = (ConsentNotBased, PurposeUnknown, ChildMayNotGive, GuardianUnknown, GuardianMayNotAnswer)


@about_child(GET_OR_POST, asks=True)
def ask_purpose(request: HttpRequest, ward: ChildView, purpose: str) -> HttpResponse:
    choice = _choice(ward, purpose)
    if request.method != "POST":
        return _render_question(request, ward, choice)
    state = ANSWERS.get(request.POST.get("answer", ""))
    if state is None:
        return redirect_to_child(ward, "later")
    if (instead := _why_not_possible(ward, choice, state)) is not None:
        return redirect_to_child(ward, instead)
    try:
        answers, shown = [Answer(purpose, state)], request.POST.get("shown") or None
        record_answers(ward.child, answers=answers, shown=shown, **_answer_context(ward))
    except NOTICE_STALE:
        return _render_question(request, ward, choice, status=HTTPStatus.CONFLICT, is_stale=True)
    except _REFUSED:
        return redirect_to_child(ward, "nothing")
    return redirect_to_child(ward, "allowed" if state == ConsentState.GIVEN else "not_allowed")


def _why_not_possible(ward: ChildView, choice: Choice, state: ConsentState) -> str | None:
    if state == ConsentState.GIVEN and ward.needs_more(choice.purpose.code):
        return "weak"
    return None if choice.may_give or (state == ConsentState.REFUSED and choice.may_refuse) else "nothing"


@about_child(POST)
def withdraw_purpose(request: HttpRequest, ward: ChildView, purpose: str) -> HttpResponse:
    """Withdraw consent to one purpose, then redirect to the question what should happen to the data."""
    del request
    _choice(ward, purpose)
    try:
        withdraw_consent(ward.child, purpose=purpose, **_answer_context(ward))
    except (NothingToWithdraw, GuardianMayNotAnswer):
        return redirect_to_child(ward, "nothing")
    return redirect_to_page("guardian-data", ward.child.pk, done="withdrawn")


def _render_question(
    request: HttpRequest, ward: ChildView, choice: Choice, *, status: int = HTTPStatus.OK, is_stale: bool = False
) -> HttpResponse:
    if choice.current is None or not (choice.may_give or choice.may_refuse):
        return redirect_to_child(ward, "nothing")
    at, language, version = ward.at, language_of(), choice.current
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
        why=BASIS_TEXTS["consent"],
        recipients=recipients_of(ward.child.client_id, language, at=at).get(choice.purpose.code, []),
        is_stale=is_stale,
        **list_shown(choice, version, ward.child.client_id, at=at),
    )


def _choice(ward: ChildView, purpose: str) -> Choice:
    """Return a purpose that the guardian may decide about. Raises Http404 without their consent to the service."""
    if not ward.gave:
        raise Http404(_("Please decide about the service first."))
    choice = get_choice(ward.child, purpose, actor=ward.actor, at=ward.at)
    if not choice.rests_on_consent:
        raise Http404
    return choice


def _answer_context(ward: ChildView) -> AnswerArguments:
    return {
        "given_by": GivenBy.GUARDIAN,
        "guardian": ward.visit.person,
        "method": Method.WEB,
        "language": language_of(),
        "actor": ward.actor,
        "at": ward.at,
    }


_CHECK_REFUSED = (ProviderUnknown, MethodNotOffered, MayNotConsent, AlreadyEnded)


class MethodForm(forms.Form):
    method = forms.ChoiceField(label=_("How would you like to be checked?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = check_providers()[provider].methods
        set_choices(self, "method", [(one.value, one.label) for one in VerificationMethod if one.value in offered])


@about_child(GET_OR_POST)
def ask_for_check(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Show the state of the latest check and offer a new one; the worker starts it after this request."""
    latest = find_latest_check(ward.guardianship)
    if ward.provider is None:
        return redirect_to_child(ward, "checked" if latest and latest.state == CheckState.PASSED else "nothing")
    form = MethodForm(request.POST if request.method == "POST" else None, provider=ward.provider)
    if form.is_valid():
        answers = reverse("guardian-check-answer", args=[ward.child.client.code, ward.provider])
        by = ReasonedAuthorship(actor=ward.actor, reason=Reason.SUBJECT_REQUEST, at=ward.at)
        try:
            answer_to = get_public_url(request) + answers
            request_check(
                ward.guardianship, provider=ward.provider, method=form.cleaned_data["method"], answer_to=answer_to, **by
            )
        except TooManyChecks:
            return redirect_to_child(ward, "often")
        except _CHECK_REFUSED:
            return redirect_to_child(ward, "nothing")
        return redirect_to_page("guardian-check-own", ward.child.pk)
    return public_page(
        request,
        "guardian/check.html",
        title=_("Show that it is you"),
        client=ward.child.client,
        ward=ward,
        form=form,
        check=latest,
        under_way=latest is not None and latest.is_open,
        url=find_check_url(latest) if latest is not None else None,
    )


@own_page(Page.CHOICES, POST)
def open_children(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Open the page about the children of a person who entered a code for their own choices; else ask for one."""
    if not visit.session.channel or visit.is_for_child:
        return redirect_to_page("guardian-start", visit.person.client.code)
    record_guardian_visit(visit.person, get_client_time(request))
    return _carry_over(request, visit, Page.GUARDIAN)


@own_page(Page.GUARDIAN, POST)
def open_own_choices(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Open the own choices of a person who entered a code for the page about their children."""
    return _carry_over(request, visit, Page.CHOICES)


def _carry_over(request: HttpRequest, visit: Visit, page: Page) -> HttpResponse:
    response = redirect_to_page(page)
    session = replace(visit.session, page=page.value, acts_for=visit.person.pk)
    set_page_session(response, session, at=as_received(request).received_at)
    return response
