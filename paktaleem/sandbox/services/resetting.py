"""Reset a sandbox (decision 0024)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from consent.register.models.agreements import Instruction, RecipientApproval, ServiceAgreement
from consent.register.models.capacities import PurposeCapacity
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.models.rows import RegisterRow
from consent.register.services.register import change_register
from consent.register.services.widening import widen_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, sandbox_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.sandbox.services.access import lock_sandbox
from paktaleem.sandbox.services.clocks import set_offset
from paktaleem.sandbox.services.context import MOMENT
from paktaleem.sandbox.services.registering import restore_agreement

_CHANGEABLE: tuple[type[RegisterRow], ...] = (
    ServiceAgreement,
    Instruction,
    PurposeCapacity,
    LawfulBasis,
    RecipientApproval,
    Purpose,
)
"""Models whose rows may have changed while the clock was ahead, and are restored."""

type ResetResult = tuple[Client, int]


@transaction.atomic
def reset_sandbox(client: Client, *, actor: Actor, at: datetime) -> ResetResult:
    """Reset a sandbox: delete its people and their records, and set its clock to real time (decision 0024).

    The register, keys, systems and endpoints are kept; register changes made while the clock was ahead are undone, and
    the agreement is live again. No other client is affected: one statement deletes, and row-level security limits it to
    one client's rows. The ledger keeps its entries, which name no one. Returns the sandbox and its former number of
    people. Raises NotASandbox, NotAllowed.
    """
    client = lock_sandbox(client.pk, actor=actor)
    people, now = Subject.objects.filter(client_id=client.pk).count(), at - client.clock_offset
    changed = list(_changed_ahead(client, now))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sandbox_forget(%s)", [now])
        [rows] = cursor.fetchone()
    client = set_offset(client, timedelta(), kind="sandbox.clock_moved", actor=actor, at=now)
    sandbox = sandbox_actor(client.pk)
    for row in changed:
        restored_at = _restore_categories(row, actor=sandbox, at=now) if isinstance(row, Purpose) else now
        change_register(row, actor=sandbox, reason=Reason.CORRECTION, at=restored_at)
    restore_agreement(client, actor=sandbox, at=now)
    facts = {"people": people, "rows": rows}
    record_entry("sandbox.started_over", client_id=client.pk, facts=facts, actor=actor, at=now)
    return client, people


def _restore_categories(purpose: Purpose, *, actor: Actor, at: datetime) -> datetime:
    """Give a purpose back the categories that it lost while the clock was ahead; return the time of the next change."""
    if not set(purpose.categories) - set(Purpose.objects.get(pk=purpose.pk).categories):
        return at
    widen_purpose(purpose, categories=purpose.categories, actor=actor, reason=Reason.CORRECTION, at=at)
    return at + MOMENT


def _changed_ahead(client: Client, now: datetime) -> Iterator[RegisterRow]:
    """Yield the rows changed after a time, as they were at that time."""
    for model in _CHANGEABLE:
        history: Any = model.history.filter(client_id=client.pk)  # type: ignore[attr-defined]
        later = set(history.filter(history_date__gt=now).values_list("id", flat=True))
        versions = history.filter(id__in=later, history_date__lte=now).order_by("id", "-history_date", "-history_id")
        for version in versions.distinct("id"):
            row = version.instance
            row._state.adding = False
            yield row
