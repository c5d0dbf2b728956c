"""What a person's own page shows: each purpose, on what it rests, what they decided, and what they may do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.consents.models import Consent, ConsentEvent, ConsentState, Objection
from consent.consents.selectors.consents import fact_of
from consent.decisions.states import effective_state
from consent.notices.models import NoticeVersion
from consent.notices.selectors.purposes import (
    NoticeUnknown,
    bases_in_force,
    current_notice,
    find_purposes,
)
from consent.notices.selectors.registers import current_register
from consent.register.models import Basis, LawfulBasis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["Choice", "ChoiceUnknown", "choice_about", "choices_of", "is_decided_for"]

_ENDED_BY_TIME = frozenset({"expired", "outdated"})


class ChoiceUnknown(LookupError):
    """No such purpose is used for this person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One purpose on a person's page.

    ``state`` is what was answered as time and notices left it (``unknown`` before the first answer), ``event`` the
    answer it comes from, ``current`` the notice in effect for a purpose that rests on consent, ``objection`` the one
    in force. ``is_decided_for``: a guardian gives consent for this person.
    """

    purpose: Purpose
    basis: LawfulBasis
    state: str
    event: ConsentEvent | None
    current: NoticeVersion | None
    objection: Objection | None
    is_decided_for: bool

    @property
    def rests_on_consent(self) -> bool:
        """Whether the person's yes is what permits it."""
        return self.basis.basis == Basis.CONSENT

    @property
    def agreed(self) -> NoticeVersion | None:
        """The text that was agreed to, where consent was given and not ended by anybody."""
        agreed = self.state == "given" or self.state in _ENDED_BY_TIME
        return self.event.notice_version if agreed and self.event else None

    @property
    def may_give(self) -> bool:
        """Whether consent can be given: not where it is, nor where a guardian decides."""
        return self.rests_on_consent and self.current is not None and self.state != "given" and not self.is_decided_for

    @property
    def may_refuse(self) -> bool:
        """Whether there is a question open to say no to."""
        return self.rests_on_consent and self.state in {"unknown", "requested", "deferred", *_ENDED_BY_TIME}

    @property
    def may_withdraw(self) -> bool:
        """Whether there is a consent to take back."""
        return self.rests_on_consent and self.state == "given"

    @property
    def may_object(self) -> bool:
        """Whether the law gives a right to object: where we weighed interests (GDPR Art. 21(1))."""
        return self.basis.basis == Basis.LEGITIMATE_INTEREST and self.objection is None


def is_decided_for(subject: Subject, actor: Actor, at: datetime) -> bool:
    """Say whether this person is a child who acts alone: they may see, refuse and withdraw, and never give."""
    client = subject.client
    is_child = subject.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)
    return is_child and actor.id == subject.id


def choices_of(subject: Subject, *, actor: Actor, at: datetime) -> list[Choice]:
    """List every purpose for which data of a person in this role is used, those that rest on consent first.

    Raises NotAllowed.
    """
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.id, client_id=subject.client_id)
    client_id, decided_for = subject.client_id, is_decided_for(subject, actor, at)
    events, states = _answers(subject, at)
    objections = {
        one.purpose_code: one for one in Objection.objects.active(at).filter(client_id=client_id, subject=subject)
    }
    return [
        Choice(
            purpose=purpose,
            basis=basis,
            state=states.get(purpose.code, ConsentState.UNKNOWN.value),
            event=events.get(purpose.code),
            current=_notice(purpose, basis, client_id, at),
            objection=objections.get(purpose.code),
            is_decided_for=decided_for,
        )
        for purpose, basis in _purposes(subject, at)
    ]


def choice_about(subject: Subject, code: str, *, actor: Actor, at: datetime) -> Choice:
    """Return one purpose of a person's page. Raises ChoiceUnknown, NotAllowed."""
    for choice in choices_of(subject, actor=actor, at=at):
        if choice.purpose.code == code:
            return choice
    raise ChoiceUnknown(code)


def _purposes(subject: Subject, at: datetime) -> list[tuple[Purpose, LawfulBasis]]:
    bases = bases_in_force(subject.client_id, at=at)
    codes = Purpose.objects.filter(client_id__in=[subject.client_id, PAKTALEEM]).values_list("code", flat=True)
    known = find_purposes(subject.client_id, codes).values()
    found = [(one, bases[one.pk, subject.role]) for one in known if one.is_active and (one.pk, subject.role) in bases]
    return sorted(found, key=lambda pair: (pair[1].basis != Basis.CONSENT, pair[1].basis, pair[0].code))


def _answers(subject: Subject, at: datetime) -> tuple[Mapping[str, ConsentEvent], Mapping[str, str]]:
    rows = Consent.objects.filter(client_id=subject.client_id, subject=subject).select_related(
        "purpose", "event__notice_version__notice"
    )
    register = current_register(subject.client_id)
    events, states = {}, {}
    for row in rows:
        events[row.purpose.code] = row.event
        states[row.purpose.code] = effective_state(register, row.purpose.code, fact_of(row), at)
    return events, states


def _notice(purpose: Purpose, basis: LawfulBasis, client_id: UUID, at: datetime) -> NoticeVersion | None:
    if basis.basis != Basis.CONSENT:
        return None
    try:
        return current_notice(purpose.code, client_id=client_id, at=at)
    except NoticeUnknown:
        return None
