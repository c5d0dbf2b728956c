"""Requests for renewed consent, before it expires and when a child reaches the age of consent (decision 0018)."""

from datetime import datetime
from uuid import UUID

from consent.consents.models.consents import Consent, ConsentState, GivenBy, Method
from consent.consents.selectors.consents import select_due_by_age, select_due_for_renewal
from consent.consents.services.recording import Answer, ConsentNotBased, PurposeUnknown, record_answers
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client


def request_renewals(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Record consent requests for up to ``limit`` consents of each kind; returns how many (decision 0018).

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

    Follows decision 0018. Returns False if the purpose is no longer based on consent, or the person is erased or being
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
