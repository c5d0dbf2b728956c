"""One child on the page of a guardian: found for whoever came in, or not there at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation

from children.guardians.authority import Answer, ChildFacts, Guardian, Standing
from children.guardians.models import Guardianship
from children.guardians.selectors import child_facts, provider_for_guardians
from children.guardians.strength import Strength, needed_strength
from children.invitations.checking import is_fit
from children.invitations.models import Invitation
from children.invitations.selectors import names_for_guardian, wards_of
from children.invitations.services import Saying
from children.invitations.states import OPEN, State
from consent.guardian_pages.views.notices import service_notice
from consent.notices.selectors.registers import current_register
from consent.register.register import Register
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.directory.access_links.visits import Visit, on_own_page
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.accounts.addresses import public_address
from paktaleem.foundation.accounts.requests import moment_of

__all__ = ["Ward", "about_child", "language_of", "own_page", "wards_on_page"]

own_page = on_own_page(Page.GUARDIAN, closed)
type View = Callable[..., HttpResponse]


def language_of() -> str:
    """Give the language of the page."""
    return translation.get_language() or "en"


@dataclass(frozen=True)
class Ward:
    """One child for whom whoever came in stands as a guardian, and where their answers stand now."""

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
        """The answers of all guardians."""
        return child_facts(self.child)

    @cached_property
    def standing(self) -> Standing:
        """What they come to now."""
        return self.facts.standing(moment_of(self.request))

    @cached_property
    def own(self) -> Guardian | None:
        """This guardian's own standing and answer."""
        return next((one for one in self.facts.guardians if one.id == self.guardianship.pk), None)

    @property
    def answer(self) -> Answer | None:
        """The guardian's own latest answer."""
        return self.own.answer if self.own else None

    @property
    def gave(self) -> bool:
        """Whether their own yes stands."""
        at = moment_of(self.request)
        return bool(self.answer and not self.answer.is_no and self.own and self.own.has_authority(at))

    @property
    def is_strong(self) -> bool:
        """Whether they were verified strongly enough to decide about recipients outside."""
        at = moment_of(self.request)
        return bool(self.own and self.own.strength(at) >= Strength.SUBSTANTIAL)

    @cached_property
    def provider(self) -> str | None:
        """The provider whose check would make a guardian known strongly enough, where the school has enabled one."""
        return None if self.is_strong else provider_for_guardians(self.child.client_id)

    def needs_more(self, purpose: str) -> bool:
        """Whether a yes of theirs to a purpose would not count: its data reach outside, they are known too weakly.

        It is what the decision goes by (``consent.decisions.rules``), said beforehand.
        """
        at = moment_of(self.request)
        outside = self._register.reaches_outside(purpose, at)
        return outside and not (self.own and self.own.strength(at) >= needed_strength(reaches_outside=True))

    @cached_property
    def _register(self) -> Register:
        return current_register(self.child.client_id)

    @cached_property
    def invitation(self) -> Invitation | None:
        """What awaits an answer of theirs."""
        rows = Invitation.objects.filter(client_id=self.child.client_id, child=self.child, state__in=sorted(OPEN))
        return rows.filter(guardian=self.visit.person).first()

    @property
    def waits(self) -> bool:
        """Whether a yes of theirs waits for the second confirmation, and nothing was said since, as at the school."""
        asked = self.invitation
        if asked is None or asked.state != State.VERIFYING or asked.said_at is None:
            return False
        return self.answer is None or self.answer.recorded_at < asked.said_at

    @property
    def may_confirm(self) -> bool:
        """Whether the second letter has gone, and they came in by a code asked for since."""
        row = self.invitation
        sent_at = row.confirm_sent_at if row is not None and self.waits else None
        return sent_at is not None and self.visit.came_in_at >= sent_at

    @cached_property
    def words_now(self) -> str:
        """The hash of the words to which a yes that waits was said, as they are now."""
        language = self.invitation.said_language if self.invitation else language_of()
        at = moment_of(self.request)
        return service_notice(self.child, self.visit.person, at=at, language=language).hash

    @property
    def reads_again(self) -> bool:
        """Whether the words have changed since a yes that waits for its confirmation."""
        return self.invitation is not None and self.waits and self.invitation.said_words != self.words_now

    @cached_property
    def is_fit(self) -> bool:
        """Whether the contact by which they came in cannot be the child's own."""
        at = moment_of(self.request)
        return is_fit(self.visit.session.channel, self.child, self.visit.person, at=at)

    @property
    def actor(self) -> Actor:
        """The guardian, acting for this child."""
        return person_actor(self.visit.person.pk, self.child.client_id, acts_for=self.child.pk)

    def saying(self, shown_hash: str = "", shown_at: datetime | None = None) -> Saying:
        """Give the circumstances of an answer made with this request."""
        at = moment_of(self.request)
        return Saying(
            child=self.child,
            guardian=self.visit.person,
            channel=self.visit.session.channel,
            came_in_at=self.visit.came_in_at,
            shown_at=shown_at or at,
            shown_hash=shown_hash,
            language=language_of(),
            portal=public_address(self.request),
            at=at,
        )


def wards_on_page(request: HttpRequest, visit: Visit) -> list[Ward]:
    """List the children of whoever came in; those whose own contact it could be are not named."""
    if not visit.session.channel:
        return []
    rows = wards_of(visit.person, at=moment_of(request))
    names = names_for_guardian([row.child for row in rows], client_id=visit.person.client_id)
    return [Ward(visit, row, request, names.get(row.child_id, "")) for row in rows]


def about_child(view: View) -> View:
    """Run a page about one child, ``view(request, ward, …)``; a stranger's child is not there."""

    @own_page
    @wraps(view)
    def run(request: HttpRequest, visit: Visit, child: UUID, **kwargs: Any) -> HttpResponse:
        ward = next((one for one in wards_on_page(request, visit) if one.child.pk == child), None)
        if ward is None or not ward.is_fit:
            raise Http404
        return view(request, ward, **kwargs)

    return run
