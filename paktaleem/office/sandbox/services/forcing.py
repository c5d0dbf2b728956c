"""Force a state through the services that cause it in normal use, and verify the resulting decision."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.consents.models import Consent, ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, PurposeUnknown, record_answers, withdraw_consent
from consent.consents.services.revocation import invalidate_consent, revoke_consent
from consent.decisions.facts import Decision, Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.public import bases_in_force, get_current_notice
from consent.register.compiled import Basis
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import NoSystem
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.actors import Actor, sandbox_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.sandbox.services.context import ForcingContext, get_sandbox, lock_sandbox, move_clock
from paktaleem.office.sandbox.services.guardians import PEOPLE, register_with_defaults
from paktaleem.office.sandbox.services.registering import (
    AGREEMENTS,
    make_purpose_expire,
    publish_material_change,
    restore_agreement,
)
from paktaleem.office.sandbox.states import STATES, About


def _answer(playing: ForcingContext, state: ConsentState) -> ConsentEvent:
    """Record an answer as a platform does: the current notice was just shown."""
    version = get_current_notice(playing.purpose.code, client_id=playing.client.pk, at=playing.at)
    shown = ShownNotice(version.pk, tuple(version.notice.purposes), "en", playing.client.pk, playing.at)
    answers = [Answer(playing.purpose.code, state)]
    [event] = record_answers(playing.subject, answers=answers, shown=sign_notice_token(shown), **playing.audit)
    return event


def _consent(playing: ForcingContext) -> Consent | None:
    own = {"client_id": playing.client.pk, "subject": playing.subject, "purpose_id": playing.purpose.pk}
    return Consent.objects.filter(**own).select_related("subject", "purpose").first()


def _give_and_get(playing: ForcingContext) -> Consent:
    """Return the consent after recording it as given."""
    _answer(playing, ConsentState.GIVEN)
    found = _consent(playing)
    assert found is not None  # noqa: S101 -- just recorded
    return found


def _give(playing: ForcingContext) -> None:
    _give_and_get(playing)


def _request_or_defer(state: ConsentState) -> Callable[[ForcingContext], None]:
    def force(playing: ForcingContext) -> None:
        consent = _consent(playing)
        if consent is not None and consent.state == ConsentState.GIVEN:
            withdraw_consent(playing.subject, **playing.about)
        _answer(playing, state)

    return force


def _refuse(playing: ForcingContext) -> None:
    _answer(playing, ConsentState.REFUSED)


def _withdraw(playing: ForcingContext) -> None:
    _give_and_get(playing)
    withdraw_consent(playing.subject, **playing.about)


def _revoke(playing: ForcingContext) -> None:
    revoke_consent(_give_and_get(playing), reason=Reason.REVIEW, **playing.audit)


def _invalidate(playing: ForcingContext) -> None:
    invalidate_consent(_give_and_get(playing), reason=Reason.LAW_CHANGE, **playing.audit)


def _let_expire(playing: ForcingContext) -> None:
    make_purpose_expire(playing)
    expires_at = _give_and_get(playing).expires_at
    assert expires_at is not None  # noqa: S101 -- set above
    move_clock(playing.client, to=expires_at, actor=playing.player, at=playing.at)


def _outdate(playing: ForcingContext) -> None:
    _give_and_get(playing)
    publish_material_change(playing)


ANSWERS: dict[str, Callable[[ForcingContext], None]] = {
    "consent_requested": _request_or_defer(ConsentState.REQUESTED),
    "consent_deferred": _request_or_defer(ConsentState.DEFERRED),
    "consent_given": _give,
    "consent_refused": _refuse,
    "consent_withdrawn": _withdraw,
    "consent_revoked": _revoke,
    "consent_invalidated": _invalidate,
    "consent_expired": _let_expire,
    "consent_outdated": _outdate,
}


_STEPS = {**PEOPLE, **ANSWERS, **AGREEMENTS}
_AFTER_STEPS = timedelta(milliseconds=1)
"""Later than the steps, which are recorded one microsecond apart."""
_ROLE = "student"


class StateNotReached(PortalError):
    """With this sandbox's register the expected decision does not result; nothing was changed."""

    problem = Problem(
        "state-not-reached",
        HTTPStatus.CONFLICT,
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


@transaction.atomic
def force_state(
    client: Client, *, state: str, external_id: str, purpose: str | None = None, actor: Actor, at: datetime
) -> ForcedState:
    """Bring a person of a sandbox into a state of ``STATES``, whatever the previous state of person and register.

    The steps use the services that cause the state in normal use, with the sandbox as actor; the next decision about
    the purpose has the expected reason. Changes to the agreement, notice or clock that the state requires apply to the
    whole sandbox. Raises StateNotReached, PurposeUnknown, AlreadyErased, ValidationError, NotASandbox, NotAllowed.
    """
    client = lock_sandbox(client.pk, actor=actor)
    sandbox, expected = sandbox_actor(client.pk), STATES[state]
    restore_agreement(client, actor=sandbox, at=at)
    about = _choose_purpose(client, expected.about, purpose, at)
    subject = register_with_defaults(external_id, client=client, state=state, actor=sandbox, at=at)
    _STEPS[state](ForcingContext(client, subject, about, sandbox, actor, at))
    now = at + (Client.objects.get(pk=client.pk).clock_offset - client.clock_offset) + _AFTER_STEPS
    answer = decide_one(sandbox, client.pk, external_id, Question(purpose=about.code, at=now), now=now)
    if answer.reason is not expected.reason:
        raise StateNotReached(f"The reason for {about.code} is {answer.reason}, not {expected.reason}.")
    return ForcedState(about.code, answer, now)


def _choose_purpose(client: Client, about: About, wanted: str | None, at: datetime) -> Purpose:
    """Return the requested purpose, or the first that fits. Raises PurposeUnknown, ValidationError."""
    fitting = _fitting_purposes(client, about, at)
    if wanted is None and fitting:
        return fitting[0]
    found = {purpose.code: purpose for purpose in fitting}
    if wanted in found:
        return found[wanted]
    if wanted is not None and not Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], code=wanted).exists():
        raise PurposeUnknown(wanted)
    codes = ", ".join(sorted(found)) or "none in this sandbox"
    raise ValidationError({"purpose": [f"It does not fit this state. Fitting: {codes}."]})


def _fitting_purposes(client: Client, about: About, at: datetime) -> list[Purpose]:
    bases = {purpose: row.basis for (purpose, role), row in bases_in_force(client.pk, at=at).items() if role == _ROLE}
    known = Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], is_active=True).order_by("code")
    return sorted(
        (purpose for purpose in known if _fits(purpose, bases.get(purpose.pk), about, client.pk)),
        key=lambda purpose: (purpose.client_id != client.pk, purpose.code != "service_delivery", purpose.code),
    )


def _fits(purpose: Purpose, basis: str | None, about: About, own: UUID) -> bool:
    return {
        About.SERVICE: basis == Basis.CONTRACT,
        About.ACCOUNT: purpose.needs_account and basis == Basis.CONTRACT,
        About.CONSENT: basis == Basis.CONSENT,
        About.INTEREST: basis == Basis.LEGITIMATE_INTEREST,
        About.OWN_PURPOSE: purpose.client_id == own,
    }[about]


_DUE_IN = timedelta(days=30)


@transaction.atomic
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
    client = get_sandbox(client.pk, actor=actor)
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
