"""Forcing a state, through the services by which it comes about elsewhere, and asking whether it holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.consents.services import PurposeUnknown
from consent.decisions.decision import Decision, Question
from consent.decisions.selectors.decisions import decide_for
from consent.notices.selectors.purposes import bases_in_force
from consent.register.models import Basis, Purpose
from paktaleem.foundation.accounts.actors import Actor, sandbox_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.sandbox.services.access import lock_sandbox
from paktaleem.sandbox.services.answering import ANSWERS
from paktaleem.sandbox.services.people import PEOPLE, register_afresh
from paktaleem.sandbox.services.playing import Playing
from paktaleem.sandbox.services.registering import AGREEMENTS, serve_again
from paktaleem.sandbox.states import STATES, About

__all__ = ["Forced", "StateNotReached", "force_state"]

_STEPS = {**PEOPLE, **ANSWERS, **AGREEMENTS}
_THEN = timedelta(milliseconds=1)
"""After what was done in the moment of the request, each thing a microsecond after the other."""
_ROLE = "student"


class StateNotReached(Exception):
    """With this sandbox's register the promised answer is not given; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A state that holds: the purpose it is about, and what is answered now."""

    purpose: str
    answer: Decision
    now: datetime


@transaction.atomic
def force_state(
    client: Client, *, state: str, external_id: str, purpose: str | None = None, actor: Actor, at: datetime
) -> Forced:
    """Bring a person of a sandbox into a state of ``STATES``, whatever they and the sandbox's register were before.

    The acts are those of the services that lead there elsewhere, with the sandbox as actor; the next question about
    the purpose is answered with the reason promised. What the state needs is so for everybody in the sandbox: an
    agreement, a notice, the clock. Raises StateNotReached, PurposeUnknown, AlreadyErased, ValidationError,
    NotASandbox, NotAllowed.
    """
    client = lock_sandbox(client.pk, actor=actor)
    itself, promise = sandbox_actor(client.pk), STATES[state]
    serve_again(client, actor=itself, at=at)
    about = _purpose(client, promise.about, purpose, at)
    subject = register_afresh(external_id, client=client, state=state, actor=itself, at=at)
    _STEPS[state](Playing(client, subject, about, itself, actor, at))
    now = at + (Client.objects.get(pk=client.pk).clock_offset - client.clock_offset) + _THEN
    answer = decide_for(itself, client.pk, external_id, Question(purpose=about.code, at=now), now=now)
    if answer.reason is not promise.reason:
        raise StateNotReached(f"{about.code} is answered with {answer.reason}, not with {promise.reason}.")
    return Forced(about.code, answer, now)


def _purpose(client: Client, about: About, wanted: str | None, at: datetime) -> Purpose:
    """Return the purpose named, or the first that fits. Raises PurposeUnknown, ValidationError."""
    fitting = _fitting(client, about, at)
    if wanted is None and fitting:
        return fitting[0]
    found = {purpose.code: purpose for purpose in fitting}
    if wanted in found:
        return found[wanted]
    if wanted is not None and not Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], code=wanted).exists():
        raise PurposeUnknown(wanted)
    codes = ", ".join(sorted(found)) or "none in this sandbox"
    raise ValidationError({"purpose": [f"It does not fit this state. Fitting: {codes}."]})


def _fitting(client: Client, about: About, at: datetime) -> list[Purpose]:
    """List the purposes of which a state of this kind can be: the sandbox's own first."""
    bases = {purpose: row.basis for (purpose, role), row in bases_in_force(client.pk, at=at).items() if role == _ROLE}
    known = Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], is_active=True).order_by("code")
    return sorted(
        (purpose for purpose in known if _fits(purpose, bases.get(purpose.pk), about, client.pk)),
        key=lambda purpose: (purpose.client_id != client.pk, purpose.code != "service_delivery", purpose.code),
    )


def _fits(purpose: Purpose, basis: str | None, about: About, own: UUID) -> bool:
    return {
        About.SERVICE: basis == Basis.CONTRACT,
        About.CONSENT: basis == Basis.CONSENT,
        About.INTEREST: basis == Basis.LEGITIMATE_INTEREST,
        About.OWN_PURPOSE: purpose.client_id == own,
    }[about]
