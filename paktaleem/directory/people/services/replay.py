"""Carry out every erasure of the erasure list that the database lacks, client by client (decision 0005)."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.erasures import missing_erasures
from paktaleem.directory.people.services.erasure import ErasureOutcome, carry_out_erasure
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client


def replay_erasures(*, at: datetime, report: Callable[[ErasureOutcome], None] = lambda _: None) -> int:
    """Repeat listed erasures that this database has not carried out; return the number of lines (decision 0005).

    Each line is one transaction in its client's context, so an interrupted run can be continued. ``report`` is called
    with the result of each line. Call outside any tenant context. Raises ListDamaged before anything is done.
    """
    actor, missing = system_actor("replay_erasures"), missing_erasures()
    for intent in missing:
        with in_client(intent.client_id):
            outcome = carry_out_erasure(intent, actor=actor, at=at)
        report(outcome)
    return len(missing)
