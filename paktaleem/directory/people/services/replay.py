"""Completing every erasure of the list that the database lacks, client by client."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.erasures import missing_erasures
from paktaleem.directory.people.services.erasure import CarriedOut, carry_out
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["replay_erasures"]


def replay_erasures(*, at: datetime, told: Callable[[CarriedOut], None] = lambda _: None) -> int:
    """Erase again whom the list names and this database does not know to be erased; returns how many lines.

    Each line is a transaction of its own in its client's context, so an interrupted run is taken up by the next.
    ``told`` hears what each came to. Outside any context. Raises ListDamaged before anything is done.
    """
    actor, missing = system_actor("replay_erasures"), missing_erasures()
    for intent in missing:
        with in_client(intent.client_id):
            outcome = carry_out(intent, actor=actor, at=at)
        told(outcome)
    return len(missing)
