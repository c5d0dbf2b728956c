"""Revocation, expiry and invalidation: consents ended by PakTaleem, the client or an authority."""

# Asking again ends nothing: otherwise a newsletter would stop for everyone on the day they are asked.

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.selectors.consents import select_due_by_age, select_due_for_renewal
from consent.consents.services.recording import (
    Answer,
    ConsentNotBased,
    PurposeUnknown,
    append_event,
    load_history,
    lock_subject,
    record_answers,
)
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason

_ACTOR = system_actor("consent.invalidate_false")


def _check_given(consent: Consent, _actor: Actor, _at: datetime) -> None:
    if consent.state != ConsentState.GIVEN:
        raise Refused(_("There is no consent in force."))


@act(
    "revoke",
    "Revoke consent",
    Capability.REVOKE_CONSENTS,
    lead="PakTaleem or the client ends this consent. It can be given again after the notice is shown again.",
    done="Revoked. In effect from the next decision.",
    danger=True,
    lock=lock_row,
    check=_check_given,
)
def revoke_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Revoke a consent on behalf of PakTaleem or the client (DPV: ConsentRevoked).

    It can be given again under the notice in effect. Raises Refused if no consent is in force, ValueError for an
    unknown reason, AlreadyErased, NotAllowed.
    """
    return _end_consent(consent, ConsentState.REVOKED, Method.CONSOLE, actor=actor, reason=Reason(reason), at=at)


@act(
    "invalidate",
    "Declare invalid",
    Capability.INVALIDATE_CONSENTS,
    lead="An authority or a court found this consent invalid, or it should never have been recorded.",
    done="Declared invalid. In effect from the next decision.",
    danger=True,
    lock=lock_row,
    check=_check_given,
)
def invalidate_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Invalidate a consent (DPV: ConsentInvalidated), after a finding of an authority or court, or a recording error.

    Raises Refused if no consent is in force, ValueError for an unknown reason, AlreadyErased, NotAllowed.
    """
    return _end_consent(consent, ConsentState.INVALIDATED, Method.CONSOLE, actor=actor, reason=Reason(reason), at=at)


def expire_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Let a consent end now because what it was given for has ended, such as a school year (DPV: ConsentExpired).

    The person may be asked again at once. Raises Refused if no consent is in force, ValueError for an unknown reason,
    AlreadyErased, NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, consent.client_id)
    return _end_consent(consent, ConsentState.EXPIRED, Method.SYSTEM, actor=actor, reason=Reason(reason), at=at)


def invalidate_unverified_consents(verification: Any, actor: Actor, at: datetime) -> None:
    """Invalidate the consents a guardian gave since a verification of theirs that was false (decision 0028).

    Connected to ``verification_found_false``. Recorded as an act of the portal, not of ``actor``.
    """
    del actor
    row = verification.guardianship
    given = Consent.objects.filter(client_id=row.client_id, subject_id=row.child_id, guardian_id=row.guardian_id)
    since = given.filter(state=ConsentState.GIVEN, given_by=GivenBy.GUARDIAN, recorded_at__gte=verification.verified_at)
    for consent in since.select_related("subject", "purpose"):
        _end_consent(consent, ConsentState.INVALIDATED, Method.SYSTEM, actor=_ACTOR, reason=Reason.INCIDENT, at=at)


@transaction.atomic
def _end_consent(
    consent: Consent, state: ConsentState, method: Method, *, actor: Actor, reason: Reason, at: datetime
) -> ConsentEvent:
    subject, purpose = lock_subject(consent.subject, during_erasure=True), consent.purpose
    past = load_history(subject)
    if past.state(purpose) != ConsentState.GIVEN:
        raise Refused(_("There is no consent in force."))
    event = ConsentEvent(
        client_id=subject.client_id,
        subject=subject,
        purpose=purpose,
        purpose_owner=purpose.client_id,
        state=state,
        given_by=GivenBy.ORGANISATION,
        language=subject.language,
        method=method,
        reason=reason,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        recorded_at=past.next_moment(at),
    )
    append_event(event, purpose, before=ConsentState.GIVEN, actor=actor)
    return event


def request_renewals(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Record consent requests for up to ``limit`` consents of each kind; returns how many.

    Consents that will soon expire remain in force until then. Consents a guardian gave for a person who has reached the
    age of consent no longer count. Clients learn of the requests from ``GET /api/v1/changes`` and from ``renewal_due``
    and ``asked_at``. Purposes no longer based on consent are skipped. Raises NotAllowed.
    """
    count = 0
    client = Client.objects.get(pk=client_id)
    for consent in [*select_due_for_renewal(client_id, at=at)[:limit], *select_due_by_age(client, at=at)[:limit]]:
        count += request_consent(consent, actor=actor, at=at)
    return count


def request_consent(consent: Consent, *, actor: Actor, at: datetime) -> bool:
    """Record that a consent is requested again; it stays in force until it ends by itself or is answered.

    Returns False if the purpose is no longer based on consent, or the person is erased or being
    erased. Raises NotAllowed.
    """
    try:
        record_answers(
            consent.subject,
            answers=[Answer(consent.purpose.code, ConsentState.REQUESTED)],
            given_by=GivenBy.ORGANISATION,
            language=consent.subject.language,
            method=Method.SYSTEM,
            actor=actor,
            at=at,
        )
    except (ConsentNotBased, PurposeUnknown, AlreadyErased):  # erased since the consents were selected
        return False
    return True
