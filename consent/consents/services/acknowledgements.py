"""Acknowledgements of the privacy policy: events of their own, never a consent."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.consents.models import Method, PolicyAcknowledgement
from consent.consents.services.consent_basis import METHODS_WITHOUT_TOKEN, NoticeNotInEffect
from consent.consents.services.recording import ClaimInFuture, lock_subject
from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, TokenExpired, TokenForeign, TokenMissing, read_notice_token
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry

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

    ``shown`` is the signed token of the notice; methods without a portal screen (TOKENLESS) give ``notice_version``
    instead. Acknowledging the same version again returns the earlier event.

    Raises ClaimInFuture if ``claimed_at`` is later than ``at``, TokenMissing if a token is required, TokenForged,
    TokenForeign or TokenExpired if the token is not valid here, NoticeNotInEffect if the version is not in effect,
    AlreadyErased, NotAllowed.
    """
    require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject.id, client_id=subject.client_id)
    subject = lock_subject(subject)
    if claimed_at is not None and claimed_at > at:
        raise ClaimInFuture
    token = read_notice_token(shown, client_id=subject.client_id) if shown else None
    _check_token(token, notice_version=notice_version, language=language, method=method, at=at)
    version = _get_policy_in_effect(subject, token.version if token else notice_version, at)
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
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        claimed_at=claimed_at,
        recorded_at=at,
    )
    acknowledgement.save(force_insert=True)
    _record_acknowledgement(acknowledgement, token, actor)
    return acknowledgement


def _check_token(
    token: ShownNotice | None, *, notice_version: UUID | None, language: str | None, method: Method, at: datetime
) -> None:
    if token is None:
        if method not in METHODS_WITHOUT_TOKEN:
            raise TokenMissing(_POLICY_NAME)
        return
    if token.purposes:
        raise TokenForeign("The token belongs to a notice about purposes, not to the privacy policy.")
    if notice_version not in {None, token.version}:
        raise TokenForeign("The token belongs to another version than notice_version.")
    if token.language and language not in {None, token.language}:
        raise TokenForeign(f"The policy was shown in another language: {token.language}.")
    if at - token.at > settings.NOTICE_SHOWN_FOR:
        raise TokenExpired(_POLICY_NAME)


def _get_policy_in_effect(subject: Subject, version: UUID | None, at: datetime) -> NoticeVersion:
    try:
        current = get_version_in_effect(policy_timeline(subject.client), at=at)
    except NoticeUnknown as unknown:
        raise NoticeNotInEffect(_POLICY_NAME) from unknown
    if current.pk != version:
        raise NoticeNotInEffect(_POLICY_NAME)
    return current


def _record_acknowledgement(acknowledgement: PolicyAcknowledgement, token: ShownNotice | None, actor: Actor) -> None:
    facts = {
        "acknowledgement": str(acknowledgement.pk),
        "notice_version": str(acknowledgement.version_id),
        "shown_hash": acknowledgement.shown_hash,
        "shown_at": token.at.isoformat() if token else None,
        "language": acknowledgement.language,
        "method": str(acknowledgement.method),
        "claimed_at": acknowledgement.claimed_at.isoformat() if acknowledgement.claimed_at else None,
    }
    record_entry(
        "policy.acknowledged",
        client_id=acknowledgement.client_id,
        subject_id=acknowledgement.subject_id,
        facts=facts,
        actor=actor,
        at=acknowledgement.recorded_at,
    )
