"""Force a state through the services that cause it in normal use, and verify the resulting decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.consents.services.recording import PurposeUnknown
from consent.decisions.facts import Decision, Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.selectors.purposes import bases_in_force
from consent.register.models.purposes import Basis, Purpose
from paktaleem.foundation.accounts.actors import Actor, sandbox_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.sandbox.services.access import lock_sandbox
from paktaleem.sandbox.services.answering import ANSWERS
from paktaleem.sandbox.services.context import ForcingContext
from paktaleem.sandbox.services.people import PEOPLE, register_with_defaults
from paktaleem.sandbox.services.registering import AGREEMENTS, restore_agreement
from paktaleem.sandbox.states import STATES, About

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
    """List the purposes that fit a state of this kind, the sandbox's own first."""
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
