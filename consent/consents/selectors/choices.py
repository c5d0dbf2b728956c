"""The choices on the pages of people and guardians: each purpose with its lawful basis, answer and possible actions."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404

from children.invitations.selectors import hash_notice
from consent.consents.models import Consent, ConsentEvent, ConsentState, Objection
from consent.consents.selectors.consents import to_consent_fact
from consent.decisions.facts import effective_state
from consent.notices.models import NoticeVersion
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from consent.notices.selectors.registers import current_register, find_purposes, get_current_notice
from consent.register.compiled import Basis, BasisRule, PurposeText, Register, describe_purpose
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import DataCategory, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require_about
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_ENDED_BY_TIME = frozenset({"expired", "outdated"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One purpose on a person's page, with the effective ``state`` of the answer and the ``event`` it comes from.

    ``current`` is the notice in effect if the basis is consent, ``is_decided_for`` True if a guardian gives consent for
    this person, ``is_widened`` if the purpose was widened since.
    """

    purpose: Purpose
    basis: BasisRule
    state: str
    event: ConsentEvent | None
    current: NoticeVersion | None
    objection: Objection | None
    is_decided_for: bool
    is_widened: bool = False

    @property
    def rests_on_consent(self) -> bool:
        return self.basis.basis == Basis.CONSENT

    @property
    def agreed(self) -> NoticeVersion | None:
        """Return the version that the person consented to, unless the consent was ended by someone."""
        agreed = self.state == "given" or self.state in _ENDED_BY_TIME
        return self.event.notice_version if agreed and self.event else None

    @property
    def may_give(self) -> bool:
        """Return True if consent can be given: not yet given, and not decided by a guardian."""
        return self.rests_on_consent and self.current is not None and self.state != "given" and not self.is_decided_for

    @property
    def may_refuse(self) -> bool:
        return self.rests_on_consent and self.state in {"unknown", "requested", "deferred", *_ENDED_BY_TIME}

    @property
    def may_withdraw(self) -> bool:
        return self.rests_on_consent and self.state == "given"

    @property
    def may_object(self) -> bool:
        """Return True if the person may object: the basis is legitimate interest (GDPR Art. 21(1))."""
        return self.basis.basis == Basis.LEGITIMATE_INTEREST and self.objection is None


def list_choices(subject: Subject, *, actor: Actor, at: datetime) -> list[Choice]:
    """List every purpose for which data of the person's roles is used, those on consent first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.id, client_id=subject.client_id)
    client_id = subject.client_id
    is_decided_for = actor.id == subject.id and subject.counts_as_child(at)  # a child may refuse, but not consent
    register = current_register(client_id)
    answers = _load_answers(subject, register, at)
    own = Objection.objects.active(at).filter(client_id=client_id, subject=subject)
    objections = {one.purpose_code: one for one in own}
    choices = []
    for purpose, basis in list_purposes_of_roles(client_id, subject.roles, at=at):
        event, state, is_widened = answers.get(purpose.code, (None, ConsentState.UNKNOWN.value, False))
        current, objection = _find_notice(purpose, basis, register, at), objections.get(purpose.code)
        choices.append(Choice(purpose, basis, state, event, current, objection, is_decided_for, is_widened))
    return choices


def get_choice(subject: Subject, code: str, *, actor: Actor, at: datetime) -> Choice:
    """Return one purpose of a person's page. Raises Http404 if their data is not used for it, NotAllowed."""
    for choice in list_choices(subject, actor=actor, at=at):
        if choice.purpose.code == code:
            return choice
    raise Http404


def list_purposes_of_roles(client_id: UUID, roles: Iterable[str], *, at: datetime) -> list[tuple[Purpose, BasisRule]]:
    """List the active purposes of a client for a person's roles, those based on consent first.

    Each has the basis in force; of several roles, the one that gives the person the most say.
    """
    register = current_register(client_id)
    codes = Purpose.objects.filter(client_id__in=[client_id, PAKTALEEM]).values_list("code", flat=True)
    known = find_purposes(client_id, codes).values()
    bases = ((one, register.leading_basis(one.code, roles, at)) for one in known if one.is_active)
    found = [(one, basis) for one, basis in bases if basis is not None]
    return sorted(found, key=lambda pair: (pair[1].basis != Basis.CONSENT, pair[1].basis, pair[0].code))


def _load_answers(subject: Subject, register: Register, at: datetime) -> dict[str, tuple[ConsentEvent, str, bool]]:
    """Map each purpose that was answered to the latest event, its state, and whether the purpose was widened since."""
    rows = Consent.objects.filter(client_id=subject.client_id, subject=subject)
    answers = {}
    for row in rows.select_related("purpose", "event__notice_version__notice"):
        code, event = row.purpose.code, row.event
        state = effective_state(register, code, to_consent_fact(row), at)
        rule = register.purposes.get(code) if state == "outdated" else None
        answers[code] = event, state, rule is not None and rule.widened_since(event.informed_at) is not None
    return answers


def _find_notice(purpose: Purpose, basis: BasisRule, register: Register, at: datetime) -> NoticeVersion | None:
    with suppress(NoticeUnknown):
        if basis.basis == Basis.CONSENT:
            return get_current_notice(purpose.code, client_id=register.client, at=at, register=register)
    return None


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose as shown in the notice: text, data, lawful basis and outside recipients."""

    code: str
    text: PurposeText
    basis: str
    data: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """The complete notice about the service; of ``asked_apart``, based on consent, each is asked separately."""

    uses: tuple[Use, ...]
    asked_apart: tuple[Use, ...]
    policy: str

    @property
    def hash(self) -> str:
        """The hash of the whole notice."""
        uses = [asdict(one) for one in (*self.uses, *self.asked_apart)]
        return hash_notice({"uses": uses, "policy": self.policy})

    @property
    def recipients(self) -> list[str]:
        """The names of all outside recipients, without duplicates."""
        return sorted({name for one in self.uses for name in one.recipients})


@dataclass(frozen=True, slots=True)
class PrintedNotice:
    """The notice about the service in English and Urdu, as printed on a form for guardians."""

    english: ServiceNotice
    urdu: ServiceNotice

    @property
    def hash(self) -> str:
        """The hash of what is printed: the purposes based on consent have notices of their own."""
        uses = [asdict(one) for one in (*self.english.uses, *self.urdu.uses)]
        return hash_notice({"uses": uses, "policy": self.english.policy})

    @property
    def asks_sharing(self) -> bool:
        """Return True if there are outside recipients, about whom the form asks separately."""
        return bool(self.english.recipients)


def printed_notice(client: Client, roles: Sequence[str], *, at: datetime) -> PrintedNotice:
    """Return the notice about the service in both languages, for a client's children in these roles."""
    return PrintedNotice(
        service_notice(client, roles, at=at, language="en"), service_notice(client, roles, at=at, language="ur")
    )


def service_notice(client: Client, roles: Sequence[str], *, at: datetime, language: str) -> ServiceNotice:
    """Return the notice about the service for a client's children in these roles."""
    categories = DataCategory.objects.filter(client_id__in=[PAKTALEEM, client.pk])
    data = dict(categories.values_list("code", f"name_{language}"))
    recipients, policy = recipients_of(client.pk, language, at=at), ""
    with suppress(NoticeUnknown):
        policy = get_version_in_effect(policy_timeline(client), at=at).content_hash
    uses = [
        Use(
            code=purpose.code,
            text=describe_purpose(purpose, language),
            basis=basis.basis,
            data=tuple(data.get(code, code) for code in sorted(purpose.categories)),
            recipients=tuple(recipients.get(purpose.code, ())),
        )
        for purpose, basis in list_purposes_of_roles(client.pk, roles, at=at)
    ]
    asked_apart = tuple(one for one in uses if one.basis == Basis.CONSENT)
    return ServiceNotice(tuple(one for one in uses if one.basis != Basis.CONSENT), asked_apart, policy)


def recipients_of(client_id: UUID, language: str, *, at: datetime) -> dict[str, list[str]]:
    """Map each purpose code to the names and services of the outside recipients that may receive its data at ``at``.

    Leaves out recipients to which the client objects or may still object: no consent covers them yet (decision 0080).
    """
    found: dict[str, set[UUID]] = {}
    for rule in current_register(client_id).recipients.values():
        for approval in rule.approvals:
            for code in approval.purposes if approval.is_in_force(at) else ():
                found.setdefault(code, set()).add(rule.id)
    rows = Recipient.objects.filter(client_id__in=[PAKTALEEM, client_id])
    names = {row.pk: f"{row.name} ({row.describe_service(language)})" for row in rows}
    return {code: sorted(names[pk] for pk in ids) for code, ids in found.items()}
