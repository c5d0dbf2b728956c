"""Asking again: ahead of time where a consent will expire, and afresh where somebody has come of age."""

from datetime import datetime
from uuid import UUID

from consent.consents.models import Consent, Method
from consent.consents.models.consents import ConsentState, GivenBy
from consent.consents.selectors.consents import due_by_age, due_for_renewal
from consent.consents.services.recording import (
    Answer,
    ConsentNotBased,
    PurposeUnknown,
    record_answers,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

__all__ = ["ask_again"]


def ask_again(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Record, for up to ``limit`` consents of each kind, that they are to be asked about; returns how many.

    Those are consents that will soon expire, which go on until then, and those that a guardian gave for somebody who
    has come of age, which count no longer: the young person is asked afresh. ``GET /api/v1/changes`` tells the
    client's systems, and the person's consents show ``renewal_due`` and ``asked_at``. Whose purpose rests on consent no
    longer is not asked.
    """
    asked = 0
    client = Client.objects.get(pk=client_id)
    for consent in [*due_for_renewal(client_id, at=at)[:limit], *due_by_age(client, at=at)[:limit]]:
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
