"""Renewal, invalidation and acknowledgements."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method, PolicyAcknowledgement
from consent.consents.selectors.consents import select_due_by_age, select_due_for_renewal
from consent.consents.services.consent_basis import METHODS_WITHOUT_TOKEN, NoticeNotInEffect
from consent.consents.services.recording import (
    Answer,
    ClaimInFuture,
    ConsentNotBased,
    PurposeUnknown,
    append_event,
    load_history,
    lock_subject,
    record_answers,
)
from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, TokenExpired, TokenForeign, TokenMissing, read_notice_token
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, require, require_about, system_actor
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.services import record_entry

# Asking again ends nothing: otherwise a newsletter would stop for everyone on the day they are asked.
_ACTOR = system_actor("consent.invalidate_false")


_check_given = refuse_if(lambda row: row.state != ConsentState.GIVEN, gettext_lazy("There is no consent in force."))


@act(
    "revoke",
    "Revoke consent",
    Capability.RESTRICT_PROCESSING,
    lead="PakTaleem or the client ends this consent. It can be given again after the notice is shown again.",
    done="Revoked. In effect from the next decision.",
    danger=True,
    check=_check_given,
)
def revoke_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Revoke a consent on behalf of PakTaleem or the client (DPV: ConsentRevoked).

    Raises Refused if no consent is in force, ValueError for an unknown reason, AlreadyErased, NotAllowed.
    """
    return _end_consent(consent, ConsentState.REVOKED, Method.CONSOLE, actor=actor, reason=Reason(reason), at=at)


@act(
    "invalidate",
    "Declare invalid",
    Capability.INVALIDATE_CONSENTS,
    lead="An authority or a court found this consent invalid, or it should never have been recorded.",
    done="Declared invalid. In effect from the next decision.",
    danger=True,
    check=_check_given,
)
def invalidate_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Invalidate a consent (DPV: ConsentInvalidated), after a finding of an authority or court, or a recording error.

    Raises Refused if no consent is in force, ValueError for an unknown reason, AlreadyErased, NotAllowed.
    """
    return _end_consent(consent, ConsentState.INVALIDATED, Method.CONSOLE, actor=actor, reason=Reason(reason), at=at)


def expire_consent(consent: Consent, *, actor: Actor, reason: Reason | str, at: datetime) -> ConsentEvent:
    """Let a consent end now because what it was given for has ended, such as a school year (DPV: ConsentExpired).

    Raises Refused if no consent is in force, ValueError for an unknown reason, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.ADMINISTER_CLIENT, consent.client_id)
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
        **actor_fields(actor),
        recorded_at=past.next_moment(at),
    )
    append_event(event, purpose, before=ConsentState.GIVEN, actor=actor)
    return event


def request_renewals(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Record consent requests for up to ``limit`` consents of each kind, and return how many. Raises NotAllowed.

    These are consents that soon expire, and those of guardians for persons who have reached the age of consent.
    """
    count = 0
    client = Client.objects.get(pk=client_id)
    for consent in [*select_due_for_renewal(client_id, at=at)[:limit], *select_due_by_age(client, at=at)[:limit]]:
        count += request_consent(consent, actor=actor, at=at)
    return count


def request_consent(consent: Consent, *, actor: Actor, at: datetime) -> bool:
    """Record that a consent is requested again; it stays in force until it ends by itself or is answered.

    Returns False if the purpose is no longer based on consent, or the person is erased or being so. Raises NotAllowed.
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


_POLICY_NAME = "the privacy policy"


@transaction.atomic
def acknowledge_policy(
    subject: Subject,
    *,
    shown: str | None = None,
    notice_version: UUID | None = None,
    language: str | None = None,
    method: Method = Method.LMS,
    claimed_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> PolicyAcknowledgement:
    """Record that a person has seen the privacy policy in effect at their client; not a consent.

    ``shown`` is the signed token of the notice; methods without a portal screen give ``notice_version`` instead.
    Acknowledging the same version again returns the earlier event. Raises ClaimInFuture, TokenMissing, TokenForged,
    TokenForeign, TokenExpired, NoticeNotInEffect, AlreadyErased, NotAllowed.
    """
    require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject.id, client_id=subject.client_id)
    subject = lock_subject(subject)
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture
    token = read_notice_token(shown, client_id=subject.client_id) if shown else None
    version = _get_shown_policy(subject, token, notice_version, language=language, method=method, at=at)
    known = PolicyAcknowledgement.objects.filter(client_id=subject.client_id, subject=subject, version=version).first()
    if known is not None:
        return known
    acknowledgement = PolicyAcknowledgement(
        client_id=subject.client_id,
        subject=subject,
        version=version,
        version_owner=version.client_id,
        shown_hash=version.content_hash,
        language=(token and token.language) or language or subject.language,
        method=method,
        **actor_fields(actor),
        claimed_at=claimed_at,
        recorded_at=at,
    )
    acknowledgement.save(force_insert=True)
    facts: dict[str, object] = {"acknowledgement": str(acknowledgement.pk), "notice_version": str(version.pk)}
    facts |= {"shown_hash": version.content_hash, "shown_at": token and token.at.isoformat()}
    facts |= {"language": acknowledgement.language, "method": str(method)}
    facts["claimed_at"] = claimed_at and claimed_at.isoformat()
    about = {"client_id": subject.client_id, "subject_id": subject.pk}
    record_entry("policy.acknowledged", **about, facts=facts, actor=actor, at=at)
    return acknowledgement


def _get_shown_policy(
    subject: Subject,
    token: ShownNotice | None,
    notice_version: UUID | None,
    *,
    language: str | None,
    method: Method,
    at: datetime,
) -> NoticeVersion:
    if token is None and method not in METHODS_WITHOUT_TOKEN:
        raise TokenMissing(_POLICY_NAME)
    if token is not None:
        if token.purposes:
            raise TokenForeign("The token belongs to a notice about purposes, not to the privacy policy.")
        if notice_version not in {None, token.version}:
            raise TokenForeign("The token belongs to another version than notice_version.")
        if token.language and language not in {None, token.language}:
            raise TokenForeign(f"The policy was shown in another language: {token.language}.")
        if at - token.at > settings.NOTICE_SHOWN_FOR:
            raise TokenExpired(_POLICY_NAME)
    with suppress(NoticeUnknown):
        current = get_version_in_effect(policy_timeline(subject.client), at=at)
        if current.pk == (token.version if token else notice_version):
            return current
    raise NoticeNotInEffect(_POLICY_NAME)
