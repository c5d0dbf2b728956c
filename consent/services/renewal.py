"""Asking again ahead of time: a consent that will expire goes on while it is asked about."""

from datetime import datetime
from uuid import UUID

from consent.models import Consent, Method
from consent.models.consents import ConsentState, GivenBy
from consent.selectors.consents import due_for_renewal
from consent.services.consents import Answer, ConsentNotBased, PurposeUnknown, record_answers
from paktaleem.accounts.actors import Actor

__all__ = ["ask_again"]


def ask_again(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Record, for up to ``limit`` consents that will soon expire, that they are to be asked about; returns how many.

    What was given stays given until it expires. ``GET /api/v1/changes`` tells the client's systems, and the person's
    consents show ``renewal_due`` and ``asked_at``. Whose purpose rests on consent no longer is not asked.
    """
    asked = 0
    for consent in due_for_renewal(client_id, at=at)[:limit]:
        asked += _ask(consent, actor, at)
    return asked


def _ask(consent: Consent, actor: Actor, at: datetime) -> bool:
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
    except (ConsentNotBased, PurposeUnknown):
        return False
    return True
