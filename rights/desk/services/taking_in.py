"""Take in a request of a caller who was not found among the people on file."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.jobs.enqueue import enqueue_job
from rights.requests.models.requests import Channel, RightsRequest
from rights.requests.services.intake import MATCH_SENDER, receive_request


@transaction.atomic
def take_in_unknown(
    client: Client,
    *,
    kinds: Sequence[str],
    details: str,
    contact: str,
    language: str,
    received_at: datetime | None,
    actor: Actor,
    at: datetime,
) -> RightsRequest:
    """Record a telephone call of someone who was not found: at a client, or at PakTaleem until triage (policy §13).

    A contact that the caller names is never written to; a job looks whether it is on file. Raises ValidationError,
    NotAllowed.
    """
    row = receive_request(
        client,
        kinds=kinds,
        channel=Channel.TELEPHONE if actor.client_id is None else Channel.CLIENT,
        details=details,
        contact=contact,
        language=language,
        received_at=received_at,
        actor=actor,
        at=at,
    )
    enqueue_job(MATCH_SENDER, client=str(client.pk), request=str(row.pk))
    return row
