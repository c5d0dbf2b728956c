"""The first decision of a client's set-up, asked for in the console."""

from datetime import datetime

from django.db import transaction

from consent.decisions.facts import Decision, Question
from consent.decisions.selectors.decisions import decide_one
from paktaleem.directory.people.services.searches import record_id_search
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.services import record_entry
from paktaleem.onboarding.selectors import ALLOWED


@transaction.atomic
def try_decision(client: Client, *, external_id: str, purpose: str, actor: Actor, at: datetime) -> Decision:
    """Decide whether data of a person may be processed for a purpose; an allowed decision is recorded, as a step done.

    Follows decision 0091. The search for the person is recorded, as every search is, and not whom it was for. Raises
    NotAllowed.
    """
    record_id_search(client_id=client.pk, actor=actor, at=at)
    decision = decide_one(actor, client.pk, external_id, Question(purpose=purpose, at=at), now=at)
    if decision.allowed:
        facts = {"purpose": purpose, "basis": decision.lawful_basis}
        record_entry(ALLOWED, client_id=client.pk, facts=facts, actor=actor, at=at)
    return decision
