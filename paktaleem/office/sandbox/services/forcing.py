"""Force a state through the services that cause it in normal use, and verify the resulting decision."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from children.guardians.models import (
    Decision as Answered,
    Guardianship,
    Quarantine,
    QuarantineCause,
    Relationship,
    Route,
    VerificationMethod,
)
from children.guardians.services.answers import end_quarantine, quarantine, record_service_answer
from children.guardians.services.guardians import end_guardian, name_guardian
from children.guardians.services.verifications import verify_guardian
from consent.consents.models import Consent, ConsentState, Objection, Restriction
from consent.consents.services.recording import Answer, PurposeUnknown, record_answers, withdraw_consent
from consent.consents.services.restrictions import (
    lift_restriction,
    object_to_purpose,
    restrict_processing,
    withdraw_objection,
)
from consent.consents.services.revocation import invalidate_consent, revoke_consent
from consent.decisions.facts import Decision, Question
from consent.decisions.reasons import Reason as Decided
from consent.decisions.selectors.decisions import decide_one
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.registers import bases_in_force, get_current_notice
from consent.register.compiled import Basis
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import NoSystem
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.selectors import get_subject
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor, Authorship, require, sandbox_actor, system_actor
from paktaleem.foundation.accounts.acts import act, as_given
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.sandbox.services.registering import (
    MOMENT,
    ForcingContext,
    check_sandbox,
    end_all,
    lock_sandbox,
    make_purpose_expire,
    move_clock,
    publish_material_change,
    restore_agreement,
    suspend,
    switch_off,
    years_before,
)
from retention.inventories.models import AskedFor, Inventory
from retention.inventories.services import order_inventories

_CLOSED = SubjectEventKind.ACCOUNT_CLOSED
_EVIDENCE = "Made by the sandbox"
_WHY = Reason.SUBJECT_REQUEST


def _name_guardian(playing: ForcingContext) -> Guardianship:
    details = {"role": "guardian", "birth_date": years_before(playing.at, 40), "full_name": "Guardian of the sandbox"}
    external_id = f"{playing.subject.external_id}-guardian"
    guardian, _ = register_subject(external_id, client=playing.client, details=details, **playing.audit)
    may: dict[str, Any] = {"relationship": Relationship.PARENT, "may_consent": True, "may_receive_data": True}
    return name_guardian(playing.subject, guardian=guardian, **may, **playing.audit)


def _answer_service(*decisions: Answered) -> Callable[[ForcingContext], Guardianship]:
    def force(playing: ForcingContext) -> Guardianship:
        named = _name_guardian(playing)
        verify_guardian(named, method=VerificationMethod.SIGNED_FORM, evidence=_EVIDENCE, **playing.audit)
        how: dict[str, Any] = {"route": Route.SCHOOL, "evidence": _EVIDENCE, "claimed_at": playing.at, **playing.audit}
        for decision in decisions:
            record_service_answer(playing.subject, guardian=named.guardian, decision=decision, **how)
        return named

    return force


def _answer(playing: ForcingContext, state: ConsentState) -> Consent:
    version = get_current_notice(playing.purpose.code, client_id=playing.client.pk, at=playing.at)
    shown = ShownNotice(version.pk, tuple(version.notice.purposes), "en", playing.client.pk, playing.at)
    answers = [Answer(playing.purpose.code, state)]
    record_answers(playing.subject, answers=answers, shown=sign_notice_token(shown), **playing.audit)
    return _consents(playing).get()


def _consents(playing: ForcingContext) -> QuerySet[Consent]:
    own = {"client_id": playing.client.pk, "subject": playing.subject, "purpose_id": playing.purpose.pk}
    found: QuerySet[Consent] = Consent.objects.filter(**own)
    return found.select_related("subject", "purpose")


def _give(playing: ForcingContext) -> Consent:
    return _answer(playing, ConsentState.GIVEN)


def _request_or_defer(state: ConsentState) -> Callable[[ForcingContext], object]:
    def force(playing: ForcingContext) -> None:
        if _consents(playing).filter(state=ConsentState.GIVEN).exists():
            _withdraw(playing)
        _answer(playing, state)

    return force


def _withdraw(playing: ForcingContext) -> None:
    withdraw_consent(playing.subject, purpose=playing.purpose.code, **playing.audit)


def _let_expire(playing: ForcingContext) -> None:
    make_purpose_expire(playing)
    expires_at = _give(playing).expires_at
    assert expires_at is not None  # noqa: S101 -- set above
    move_clock(playing.client, to=expires_at, actor=playing.player, at=playing.at)


class About(StrEnum):
    """Subject matter of a state, which determines the purpose of the decision."""

    SERVICE = "service"  # the person or the client: any purpose needed to deliver the service
    ACCOUNT = "account"  # the person's account: any purpose that only serves an account
    CONSENT = "consent"  # the person's answer about a purpose based on consent
    INTEREST = "interest"  # the person's objection to a purpose based on legitimate interest
    OWN_PURPOSE = "own purpose"  # a purpose of the sandbox's own


class State(NamedTuple):
    """A state: its subject matter, the reason of the decision once it is reached, and the steps after registration.

    ``age`` is the person's age in years; None if it is not known.
    """

    about: About
    reason: Decided
    steps: Sequence[Callable[[ForcingContext], object]] = ()
    age: int | None = 30


def _of_child(reason: Decided, *steps: Callable[[ForcingContext], object]) -> State:
    return State(About.SERVICE, reason, steps, age=9)


def _of_client(reason: Decided, *steps: Callable[[ForcingContext], object]) -> State:
    return State(About.SERVICE, reason, steps)


def _of_consent(reason: Decided, *steps: Callable[[ForcingContext], object]) -> State:
    return State(About.CONSENT, reason, steps)


STATES = {
    "of_age": _of_client(Decided.PERMITTED),
    "child": _of_child(Decided.GUARDIAN_CONSENT_REQUIRED),
    "guardian_pending": _of_child(Decided.GUARDIAN_CONSENT_REQUIRED, _name_guardian),
    "guardian_refused": _of_child(Decided.GUARDIAN_CONSENT_REFUSED, _answer_service(Answered.REFUSED)),
    "guardian_withdrawn": _of_child(
        Decided.GUARDIAN_CONSENT_WITHDRAWN, _answer_service(Answered.GIVEN, Answered.WITHDRAWN)
    ),
    "guardian_authorised": _of_child(Decided.PERMITTED, _answer_service(Answered.GIVEN)),
    "guardian_lapsed": _of_child(
        Decided.GUARDIAN_AUTHORITY_LAPSED,
        lambda one: end_guardian(_answer_service(Answered.GIVEN)(one), actor=one.actor, at=one.at + 2 * MOMENT),
    ),
    "quarantined": _of_child(
        Decided.QUARANTINED, lambda one: quarantine(one.subject, cause=QuarantineCause.REPORT, **one.audit)
    ),
    "age_unknown": State(About.SERVICE, Decided.AGE_UNKNOWN, age=None),
    "restricted": _of_client(
        Decided.PROCESSING_RESTRICTED, lambda one: restrict_processing(one.subject, reason=_WHY, **one.audit)
    ),
    "objected": State(
        About.INTEREST,
        Decided.OBJECTION_IN_FORCE,
        [lambda one: object_to_purpose(one.subject, purpose_code=one.purpose.code, reason=_WHY, **one.audit)],
    ),
    "account_closed": State(
        About.ACCOUNT,
        Decided.ACCOUNT_CLOSED,
        [lambda one: record_subject_event(one.subject, kind=_CLOSED, happened_at=one.at, **one.audit)],
    ),
    "erased": _of_client(Decided.SUBJECT_ERASED, lambda one: erase_subject(one.subject, reason=_WHY, **one.audit)),
    "consent_requested": _of_consent(Decided.CONSENT_MISSING, _request_or_defer(ConsentState.REQUESTED)),
    "consent_deferred": _of_consent(Decided.CONSENT_MISSING, _request_or_defer(ConsentState.DEFERRED)),
    "consent_given": _of_consent(Decided.PERMITTED, _give),
    "consent_refused": _of_consent(Decided.CONSENT_REFUSED, lambda one: _answer(one, ConsentState.REFUSED)),
    "consent_withdrawn": _of_consent(Decided.CONSENT_WITHDRAWN, _give, _withdraw),
    "consent_revoked": _of_consent(
        Decided.CONSENT_REVOKED, lambda one: revoke_consent(_give(one), reason=Reason.REVIEW, **one.audit)
    ),
    "consent_invalidated": _of_consent(
        Decided.CONSENT_INVALIDATED, lambda one: invalidate_consent(_give(one), reason=Reason.LAW_CHANGE, **one.audit)
    ),
    "consent_expired": _of_consent(Decided.CONSENT_EXPIRED, _let_expire),
    "consent_outdated": _of_consent(Decided.CONSENT_OUTDATED, _give, publish_material_change),
    "agreement_active": _of_client(Decided.PERMITTED),
    "agreement_suspended": _of_client(Decided.AGREEMENT_SUSPENDED, suspend),
    "agreement_ended": _of_client(Decided.AGREEMENT_ENDED, end_all(ServiceAgreement)),
    "not_instructed": _of_client(Decided.NOT_INSTRUCTED, end_all(Instruction)),
    "purpose_inactive": State(About.OWN_PURPOSE, Decided.PURPOSE_INACTIVE, [switch_off]),
}
"""The states that can be forced in a sandbox."""
_AFTER_STEPS = timedelta(milliseconds=1)
"""Later than the steps, which are recorded one microsecond apart."""
_ROLE = "student"


class StateNotReached(PortalError):
    """With this sandbox's register the expected decision does not result; nothing was changed."""

    problem = Problem(
        "state-not-reached",
        "This state cannot be reached with the sandbox's register",
        "Nothing was changed. Choose another purpose, or ask PakTaleem to complete the sandbox's register.",
    )
    console_message = "This state cannot be reached with the sandbox’s register. Nothing was changed."


@dataclass(frozen=True, slots=True)
class ForcedState:
    """A state that was reached: its purpose and the resulting decision."""

    purpose: str
    answer: Decision
    now: datetime


@act(
    "force-state",
    "Force a state",
    Capability.USE_SANDBOX,
    lead="A person is brought into a state, whatever their state before, by the services that cause it in normal "
    "use. Changes to the agreement, notice or clock that the state requires apply to the whole sandbox.",
    lock=lock_sandbox,
    check=check_sandbox,
)
def force_state(
    client: Client, *, state: str, external_id: str, purpose: str = "", actor: Actor, at: datetime
) -> ForcedState:
    """Bring a person of a sandbox into a state of ``STATES``, whatever the previous state of person and register.

    The steps use the services that cause the state in normal use, with the sandbox as actor; the next decision about
    the purpose has the expected reason. Changes to the agreement, notice or clock that the state requires apply to the
    whole sandbox. Raises StateNotReached, PurposeUnknown, AlreadyErased, ValidationError, NotASandbox, NotAllowed.
    """
    sandbox, wanted = sandbox_actor(client.pk), STATES[state]
    restore_agreement(client, actor=sandbox, at=at)
    about = _choose_purpose(client, wanted.about, purpose, at)
    subject = _register(external_id, client=client, age=wanted.age, actor=sandbox, at=at)
    for step in wanted.steps:
        step(ForcingContext(client, subject, about, sandbox, actor, at))
    now = at + (Client.objects.get(pk=client.pk).clock_offset - client.clock_offset) + _AFTER_STEPS
    answer = decide_one(sandbox, client.pk, external_id, Question(purpose=about.code, at=now), now=now)
    if answer.reason is not wanted.reason:
        raise StateNotReached(f"The reason for {about.code} is {answer.reason}, not {wanted.reason}.")
    return ForcedState(about.code, answer, now)


def _register(external_id: str, *, client: Client, age: int | None, actor: Actor, at: datetime) -> Subject:
    born = None if age is None else years_before(at, age)
    details = {"role": _ROLE, "birth_date": born, "attested_age": None}
    common: Authorship = {"actor": actor, "at": at}
    subject, _ = register_subject(
        external_id, client=client, details=details, route=None, reason=Reason.LMS_UPDATE, **common
    )
    if not subject.is_account_open:
        record_subject_event(subject, kind=SubjectEventKind.ACTIVE, happened_at=at, **common)
    own = {"client_id": client.pk, "subject": subject}
    if Quarantine.objects.filter(ends_at=None, **own).exists():
        end_quarantine(subject, **common)
    for restriction in Restriction.objects.active(at).filter(**own):
        lift_restriction(restriction, reason=_WHY, **common)
    for objection in Objection.objects.active(at).filter(**own):
        withdraw_objection(objection, reason=_WHY, **common)
    return subject


def _choose_purpose(client: Client, about: About, wanted: str, at: datetime) -> Purpose:
    bases = {purpose: row.basis for (purpose, role), row in bases_in_force(client.pk, at=at).items() if role == _ROLE}

    def fits(purpose: Purpose) -> bool:
        basis = bases.get(purpose.pk)
        return {
            About.SERVICE: basis == Basis.CONTRACT,
            About.ACCOUNT: purpose.needs_account and basis == Basis.CONTRACT,
            About.CONSENT: basis == Basis.CONSENT,
            About.INTEREST: basis == Basis.LEGITIMATE_INTEREST,
            About.OWN_PURPOSE: purpose.client_id == client.pk,
        }[about]

    known = Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], is_active=True)
    fitting = sorted(
        filter(fits, known),
        key=lambda purpose: (purpose.client_id != client.pk, purpose.code != "service_delivery", purpose.code),
    )
    if not wanted and fitting:
        return fitting[0]
    found = {purpose.code: purpose for purpose in fitting}
    if wanted in found:
        return found[wanted]
    if wanted and not Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], code=wanted).exists():
        raise PurposeUnknown(wanted)
    codes = ", ".join(sorted(found)) or "none in this sandbox"
    raise ValidationError({"purpose": [f"It does not fit this state. Fitting: {codes}."]})


_DUE_IN = timedelta(days=30)


@act(
    "make-order",
    "Make an order",
    Capability.USE_SANDBOX,
    lead="A system of this sandbox gets an order about a person, due in 30 days, and can try to carry it out.",
    done="The order has been made.",
    check=check_sandbox,
    lock=as_given,
)
def make_order(
    client: Client,
    *,
    external_id: str,
    kind: OrderKind | str,
    system: System,
    categories: Iterable[str] = (),
    new_values: Mapping[str, str | None] | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Issue an order about a person of a sandbox to one system, due in 30 days, with the sandbox as actor.

    Without ``categories`` it covers all that the system holds. Orders of other clients follow from acts, such as a
    request, and go to every system. Raises SubjectUnknown, SubjectErased, ErasureInProgress unless it is to erase,
    ValidationError naming the field, NoSystem if the system has ended, NotASandbox, NotAllowed.
    """
    del actor
    sandbox, wanted = sandbox_actor(client.pk), frozenset(categories) or frozenset(system.categories)
    unknown = sorted(wanted - set(system.categories))
    if unknown:
        allowed = ", ".join(sorted(system.categories))
        raise ValidationError(
            {"categories": [f"{system.code} does not hold {', '.join(unknown)}. Allowed: {allowed}."]}
        )
    spec = OrderSpec(
        kind=OrderKind(kind),
        categories=wanted,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE_IN,
    )
    subject = get_subject(external_id, actor=sandbox)
    issued = issue_orders(subject, spec, new_values=new_values, only_to=[system], actor=sandbox, at=at)
    if not issued:
        raise NoSystem
    return issued[0]


def make_inventory(client: Client, *, system: System, actor: Actor, at: datetime) -> Inventory:
    """Order an inventory of one system of a sandbox; return the open one if it has one. Raises NotAllowed."""
    require(actor, Capability.USE_SANDBOX, client.pk)
    order_inventories(
        client.pk, [system], asked_for=AskedFor.ON_DEMAND, actor=system_actor("sandbox.inventories"), at=at
    )
    made: Inventory = Inventory.objects.open().get(client_id=client.pk, system=system)
    return made
