"""The guardian's pages: all children, one child, the service, outside recipients, and the confirmation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial, wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.guardians.authority import (
    Answer,
    ChildFacts,
    Guardian,
    Standing,
    Strength,
    needed_strength,
    why_not_allowed,
)
from children.guardians.models import Guardianship
from children.guardians.selectors import GuardianshipUnknown, NotAChild, find_provider_for_guardians, load_child_facts
from children.guardians.services.answers import NoConsentGiven, TooWeakToShare
from children.invitations.models import OPEN, Invitation, State
from children.invitations.selectors import (
    ShownNotice,
    TokenForged,
    TokenStale,
    get_names_for_guardian,
    list_wards,
    sign_token,
    verify_token,
)
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
from children.invitations.services.inviting import ContactRefused, is_contact_usable
from consent.consents.models import GivenBy
from consent.consents.selectors.consents import Choice, ServiceNotice, list_choices, service_notice
from consent.notices.selectors.registers import current_register
from consent.own_pages.choices import BASIS_TEXTS, serialize_choice
from consent.register.compiled import Register
from consent.sharing.own_pages import describe_disclosures
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import GET, GET_OR_POST, POST, View, Visit, own_page
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.web.public.pages import public_page, redirect_to_page

OWN_ANSWER_TEXTS: dict[str, Promise] = {
    "": _("You have not answered yet: nothing is allowed."),
    "waits": _("You said yes. It does not count yet: it waits for your second confirmation."),
    "given": _("You said yes."),
    "refused": _("You said no."),
    "withdrawn": _("You took back your yes."),
    "lapsed": _("You said yes, and it no longer counts. Please ask the school."),
}
OVERALL_TEXTS: dict[str, Promise] = {
    "": _("The platform may not be used for this child."),
    "given": _("The platform may be used for this child."),
    "refused": _("The platform may not be used for this child: a guardian, or the child, said no."),
    "withdrawn": _("The platform may not be used for this child: a guardian took back their yes."),
    "lapsed": _("The platform may not be used for this child: the guardian who said yes may no longer decide."),
}
ALONE_TEXT = _("This young person is old enough to answer themselves: the school asks them, not you.")
DONE_TEXTS: dict[str, Promise] = {
    "alone": ALONE_TEXT,
    "given": _("Your yes is recorded, and counts from now on."),
    "waits": _("Thank you. Your yes does not count yet: we will send you a second message to confirm it."),
    "confirmed": _("Confirmed. Your yes counts from now on."),
    "refused": _("Your no is recorded. Nothing is allowed."),
    "withdrawn": _("Taken back, with effect at once."),
    "shares": _("Recorded: outside recipients may receive what the platform needs them for."),
    "keeps": _("Recorded: nothing goes to outside recipients."),
    "allowed": _("Allowed, from now on."),
    "not_allowed": _("Recorded: it is not allowed."),
    "later": _("Nothing was decided. You can come back with a new code whenever you like."),
    "weak": _("Nothing was allowed: the school must verify your identity first."),
    "nothing": _("Nothing was changed: it was so already."),
    "changed": _("Nothing was decided: the notice has changed since your yes. Please read it again."),
    "checked": _("The check has verified your identity."),
    "often": _("No check was started: you have reached today’s limit. Please try again tomorrow."),
    "early": _("Not yet: wait for the second message, open its link, and enter the code."),
}
"""Messages shown after an act, by the value of ``done`` in the URL."""


def language_of() -> str:
    return translation.get_language() or "en"


@dataclass(frozen=True)
class ChildView:
    visit: Visit
    guardianship: Guardianship
    request: HttpRequest
    name: str

    @property
    def child(self) -> Subject:
        return self.guardianship.child

    @cached_property
    def facts(self) -> ChildFacts:
        return load_child_facts(self.child)

    @property
    def at(self) -> datetime:
        return get_client_time(self.request)

    @cached_property
    def standing(self) -> Standing:
        return self.facts.standing(self.at)

    @cached_property
    def own(self) -> Guardian | None:
        return next((one for one in self.facts.guardians if one.id == self.guardianship.pk), None)

    @property
    def answer(self) -> Answer | None:
        return self.own.answer if self.own else None

    @property
    def gave(self) -> bool:
        return bool(self.answer and not self.answer.is_no and self.own and self.own.has_authority(self.at))

    @property
    def is_alone(self) -> bool:
        """Return True if the person answers alone, and the guardian may only take back what they gave."""
        return not self.child.counts_as_child(self.at)

    @property
    def is_strong(self) -> bool:
        return bool(self.own and self.own.strength(self.at) >= Strength.SUBSTANTIAL)

    @property
    def receives_data(self) -> bool:
        """Return True if the guardian may receive data about the child, as for a request for a copy."""
        terms = {"discloses_data": True, "may_receive_data": self.guardianship.may_receive_data}
        return self.own is not None and not why_not_allowed(self.own, **terms, at=self.at)

    @cached_property
    def provider(self) -> str | None:
        """The provider that can verify the guardian strongly enough, or None if unnecessary or not enabled."""
        return None if self.is_strong else find_provider_for_guardians(self.child.client_id)

    def needs_more(self, purpose: str) -> bool:
        """Return True if consent to a purpose would not count, because its data reaches outside recipients.

        The same rule as in the decision (``consent.decisions.rules``): the guardian's verification is too weak.
        """
        is_enough = self.own and self.own.strength(self.at) >= needed_strength(reaches_outside=True)
        return not is_enough and self._register.reaches_outside(purpose, self.at)

    @cached_property
    def _register(self) -> Register:
        return current_register(self.child.client_id)

    @cached_property
    def invitation(self) -> Invitation | None:
        rows = Invitation.objects.filter(client_id=self.child.client_id, child=self.child, state__in=sorted(OPEN))
        return rows.filter(guardian=self.visit.person).first()

    @property
    def waits(self) -> bool:
        """Return True if the guardian's consent waits for confirmation and no other answer was recorded since."""
        row = self.invitation
        if row is None or row.state != State.VERIFYING or row.said_at is None:
            return False
        return self.answer is None or self.answer.recorded_at < row.said_at

    @property
    def may_confirm(self) -> bool:
        """Return True if the confirmation was requested and the guardian signed in after that."""
        row = self.invitation
        sent_at = row.confirm_sent_at if row is not None and self.waits else None
        return sent_at is not None and self.visit.signed_in_at >= sent_at

    @cached_property
    def words_now(self) -> str:
        """The hash of the current notice, in the language of the waiting consent."""
        language = self.invitation.said_language if self.invitation else language_of()
        return service_notice(self.child.client, self.child.roles, at=self.at, language=language).hash

    @property
    def reads_again(self) -> bool:
        """Return True if the notice has changed since the consent that waits for confirmation."""
        return self.invitation is not None and self.waits and self.invitation.said_words != self.words_now

    @cached_property
    def is_fit(self) -> bool:
        """Return True if the contact used to sign in cannot be the child's own."""
        return is_contact_usable(self.visit.session.channel, self.child, self.visit.person, at=self.at)

    @property
    def actor(self) -> Actor:
        return person_actor(self.visit.person.pk, self.child.client_id, acts_for=self.child.pk)

    def saying(self, shown_hash: str = "", shown_at: datetime | None = None) -> AnswerContext:
        return AnswerContext(
            child=self.child,
            guardian=self.visit.person,
            channel=self.visit.session.channel,
            signed_in_at=self.visit.signed_in_at,
            shown_at=shown_at or self.at,
            shown_hash=shown_hash,
            language=language_of(),
            portal=get_public_url(self.request),
            at=self.at,
        )


def list_children_on_page(request: HttpRequest, visit: Visit) -> list[ChildView]:
    if not visit.session.channel:
        return []
    rows = list_wards(visit.person, at=get_client_time(request))
    names = get_names_for_guardian([row.child for row in rows], client_id=visit.person.client_id)
    return [ChildView(visit, row, request, names.get(row.child_id, "")) for row in rows]


def about_child(methods: tuple[str, ...], *, asks: bool = False) -> Callable[[View], View]:
    """Decorate ``view(request, ward, …)`` about one child; 404 if it is not a child of the signed-in guardian.

    One that ``asks`` the guardian redirects if the person answers alone.
    """

    def decorate(view: View) -> View:
        @own_page(Page.GUARDIAN, methods)
        @wraps(view)
        def run(request: HttpRequest, visit: Visit, child: UUID, **kwargs: Any) -> HttpResponse:
            ward = next((one for one in list_children_on_page(request, visit) if one.child.pk == child), None)
            if ward is None or not ward.is_fit:
                raise Http404
            return redirect_to_child(ward, "alone") if asks and ward.is_alone else view(request, ward, **kwargs)

        return run

    return decorate


SERVICE, SHARING = "service", "sharing"
_REFUSED = (ContactRefused, NotTheGuardian, GuardianshipUnknown, NotAChild, TooWeakToShare)


@own_page(Page.GUARDIAN, GET)
def show_all(request: HttpRequest, visit: Visit) -> HttpResponse:
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


@about_child(GET)
def show_child(request: HttpRequest, ward: ChildView) -> HttpResponse:
    found = list_choices(ward.child, actor=ward.actor, at=ward.at) if ward.gave else []
    rows = [{**serialize_choice(one), "needs_more": ward.needs_more(one.purpose.code)} for one in found]
    received = None  # a guardian who may not receive the child's data is not shown who received it
    if ward.receives_data:
        received = describe_disclosures(ward.child, actor=ward.actor, language=language_of())
    return public_page(
        request,
        "guardian/child.html",
        title=ward.name or _("Your child"),
        client=ward.child.client,
        row=_row(ward),
        purposes=[row for row in rows if _is_on_page(ward, row["choice"])],
        weak_for=[row["name"] for row in rows if row["needs_more"] and not row["choice"].rests_on_consent],
        received=received,
        done=DONE_TEXTS.get(request.GET.get("done", "")),
    )


def _row(ward: ChildView) -> dict[str, Any]:
    own = "waits" if ward.waits and not ward.is_alone else ward.answer.decision if ward.answer else ""
    if own == "given" and not ward.gave:
        own = "lapsed"
    return {
        "ward": ward,
        "own": OWN_ANSWER_TEXTS.get(own, OWN_ANSWER_TEXTS[""]),
        "own_state": own,
        "overall": ALONE_TEXT if ward.is_alone else OVERALL_TEXTS.get(ward.standing.state or "", OVERALL_TEXTS[""]),
        "tone": "calm" if ward.is_alone else "good" if ward.standing.state == "given" else "warn",
        "may_give": not ward.gave and (not ward.waits or ward.reads_again or ward.is_strong),
        "shares": bool(ward.answer and ward.answer.shares),
    }


def _is_on_page(ward: ChildView, choice: Choice) -> bool:
    """Return True if a purpose is asked separately; of a person who answers alone, if a guardian's yes is in force."""
    if not ward.is_alone:
        return choice.rests_on_consent
    return choice.may_withdraw and choice.event is not None and choice.event.given_by == GivenBy.GUARDIAN


@about_child(GET_OR_POST, asks=True)
def answer_service_page(request: HttpRequest, ward: ChildView, question: str = SERVICE) -> HttpResponse:
    """Show the question with equally prominent choices (yes, no, later), then record the answer."""
    if question == SHARING and not (ward.gave and ward.is_strong):
        return redirect_to_child(ward, "nothing")
    notice = service_notice(ward.child.client, ward.child.roles, at=ward.at, language=language_of())
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
    return ShownNotice(ward.visit.person.pk, ward.child.pk, question, notice.hash, ward.at)


def _record_no(saying: AnswerContext) -> str:
    record_service_refusal(saying)
    return "refused"


def _record_sharing(saying: AnswerContext, *, shares: bool) -> str:
    record_sharing_answer(saying, shares=shares)
    return "shares" if shares else "keeps"


_ANSWERS: Mapping[str, Mapping[str, Callable[[AnswerContext], str]]] = {
    SERVICE: {"give": lambda saying: record_service_consent(saying).value, "refuse": _record_no},
    SHARING: {"give": partial(_record_sharing, shares=True), "refuse": partial(_record_sharing, shares=False)},
}


@about_child(POST, asks=True)
def confirm(request: HttpRequest, ward: ChildView) -> HttpResponse:
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


@about_child(POST)
def withdraw_service(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Withdraw consent to the service, then redirect to the question what should happen to the data."""
    del request
    try:
        withdraw_service_consent(ward.saying())
    except (NoConsentGiven, GuardianshipUnknown):
        return redirect_to_child(ward, "nothing")
    return redirect_to_page("guardian-data", ward.child.pk, done="withdrawn")


def redirect_to_child(ward: ChildView, done: str) -> HttpResponse:
    return redirect_to_page("guardian-child", ward.child.pk, done=done)
