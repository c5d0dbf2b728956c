"""A child as shown on the pages of a signed-in guardian."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation

from children.guardians.authority import Answer, ChildFacts, Guardian, Standing
from children.guardians.models.guardians import Guardianship
from children.guardians.request_rules import why_not_allowed
from children.guardians.selectors.guardians import find_provider_for_guardians, load_child_facts
from children.invitations.contact_checks import is_contact_usable
from children.invitations.models import Invitation
from children.invitations.selectors import get_names_for_guardian, list_wards
from children.invitations.services.answering import AnswerContext
from children.invitations.states import OPEN, State
from children.strength import Strength, needed_strength
from consent.consents.selectors.service_notices import service_notice
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Register
from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.requests import get_client_time

own_page = require_own_page(Page.GUARDIAN, closed)
type View = Callable[..., HttpResponse]


def language_of() -> str:
    """Return the language of the page."""
    return translation.get_language() or "en"


@dataclass(frozen=True)
class ChildView:
    """A child of the signed-in guardian, with the current answers."""

    visit: Visit
    guardianship: Guardianship
    request: HttpRequest
    name: str

    @property
    def child(self) -> Subject:
        """The child."""
        return self.guardianship.child

    @cached_property
    def facts(self) -> ChildFacts:
        """All guardians and their answers."""
        return load_child_facts(self.child)

    @cached_property
    def standing(self) -> Standing:
        """The combined result of the answers now."""
        return self.facts.standing(get_client_time(self.request))

    @cached_property
    def own(self) -> Guardian | None:
        """The signed-in guardian's own authority and answer."""
        return next((one for one in self.facts.guardians if one.id == self.guardianship.pk), None)

    @property
    def answer(self) -> Answer | None:
        """The signed-in guardian's latest answer."""
        return self.own.answer if self.own else None

    @property
    def gave(self) -> bool:
        """Return True if the guardian's own consent is in effect."""
        at = get_client_time(self.request)
        return bool(self.answer and not self.answer.is_no and self.own and self.own.has_authority(at))

    @property
    def is_strong(self) -> bool:
        """Return True if the guardian's verification is strong enough for outside recipients."""
        at = get_client_time(self.request)
        return bool(self.own and self.own.strength(at) >= Strength.SUBSTANTIAL)

    @property
    def receives_data(self) -> bool:
        """Return True if the guardian may receive data about the child, as for a request for a copy."""
        told, at = self.guardianship.may_receive_data, get_client_time(self.request)
        return self.own is not None and not why_not_allowed(self.own, discloses_data=True, may_receive_data=told, at=at)

    @cached_property
    def provider(self) -> str | None:
        """The provider that can verify the guardian strongly enough, or None if unnecessary or not enabled."""
        return None if self.is_strong else find_provider_for_guardians(self.child.client_id)

    def needs_more(self, purpose: str) -> bool:
        """Return True if consent to a purpose would not count, because its data reaches outside recipients.

        The same rule as in the decision (``consent.decisions.rules``): the guardian's verification is too weak.
        """
        at = get_client_time(self.request)
        outside = self._register.reaches_outside(purpose, at)
        return outside and not (self.own and self.own.strength(at) >= needed_strength(reaches_outside=True))

    @cached_property
    def _register(self) -> Register:
        return current_register(self.child.client_id)

    @cached_property
    def invitation(self) -> Invitation | None:
        """The open invitation of the guardian about this child, if any."""
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
        at = get_client_time(self.request)
        return service_notice(self.child.client, self.child.roles, at=at, language=language).hash

    @property
    def reads_again(self) -> bool:
        """Return True if the notice has changed since the consent that waits for confirmation."""
        return self.invitation is not None and self.waits and self.invitation.said_words != self.words_now

    @cached_property
    def is_fit(self) -> bool:
        """Return True if the contact used to sign in cannot be the child's own."""
        at = get_client_time(self.request)
        return is_contact_usable(self.visit.session.channel, self.child, self.visit.person, at=at)

    @property
    def actor(self) -> Actor:
        """The guardian, acting for this child."""
        return person_actor(self.visit.person.pk, self.child.client_id, acts_for=self.child.pk)

    def saying(self, shown_hash: str = "", shown_at: datetime | None = None) -> AnswerContext:
        """Return the context of an answer given with this request."""
        at = get_client_time(self.request)
        return AnswerContext(
            child=self.child,
            guardian=self.visit.person,
            channel=self.visit.session.channel,
            signed_in_at=self.visit.signed_in_at,
            shown_at=shown_at or at,
            shown_hash=shown_hash,
            language=language_of(),
            portal=get_public_url(self.request),
            at=at,
        )


def list_children_on_page(request: HttpRequest, visit: Visit) -> list[ChildView]:
    """List the children of the signed-in guardian."""
    if not visit.session.channel:
        return []
    rows = list_wards(visit.person, at=get_client_time(request))
    names = get_names_for_guardian([row.child for row in rows], client_id=visit.person.client_id)
    return [ChildView(visit, row, request, names.get(row.child_id, "")) for row in rows]


def about_child(view: View) -> View:
    """Decorate ``view(request, ward, …)`` about one child; 404 if it is not a child of the signed-in guardian."""

    @own_page
    @wraps(view)
    def run(request: HttpRequest, visit: Visit, child: UUID, **kwargs: Any) -> HttpResponse:
        ward = next((one for one in list_children_on_page(request, visit) if one.child.pk == child), None)
        if ward is None or not ward.is_fit:
            raise Http404
        return view(request, ward, **kwargs)

    return run
