"""Expiry of unmatched rows: their content is deleted, the row and its number are kept."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction

from consent.paper.data_kinds import list_unmatched
from consent.paper.models.sheets import AnswerSheet, EntryState, EntryStep, SheetEntry, Step
from consent.paper.services.details import delete_sheet_key
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry


def clients_with_unmatched(*, at: datetime) -> list[UUID]:
    """List the clients with unmatched rows that must expire, in the officers' view."""
    return list(list_unmatched(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def expire_unmatched(client_id: UUID, *, limit: int = 500, actor: Actor, at: datetime) -> int:
    """Expire up to ``limit`` unmatched rows of a client, in its context; returns how many.

    Answers, note, typed code and guardian are deleted (storage limitation, policy §4). Rows and sheets keep
    their numbers, and the ledger lists the rows. Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, client_id)
    rows = list_unmatched(at).filter(client_id=client_id).select_for_update(of=("self",), skip_locked=True)
    found = sorted(rows.order_by("entered_at", "id")[:limit], key=lambda one: (one.sheet_id, one.number))
    SheetEntry.objects.filter(pk__in=[one.pk for one in found]).update(
        state=EntryState.EXPIRED, answers={}, details=None, guardian=None, relationship="", named_by=None
    )
    _record_steps(found, actor, at)
    for sheet_id, of_sheet in groupby(found, key=lambda one: one.sheet_id):
        facts = {"sheet": str(sheet_id), "rows": [one.number for one in of_sheet]}
        record_entry("answers.expired", client_id=client_id, facts=facts, actor=actor, at=at)
        delete_sheet_key(AnswerSheet.objects.get(pk=sheet_id, client_id=client_id))
    return len(found)


def _record_steps(entries: Iterable[SheetEntry], actor: Actor, at: datetime) -> None:
    kind, key, role = actor_columns(actor)
    by = {"actor_kind": kind, "actor_id": key, "actor_role": role, "taken_at": at}
    what = {"step": Step.EXPIRED, "state": EntryState.EXPIRED}
    EntryStep.objects.bulk_create(
        [EntryStep(client_id=one.client_id, entry=one, problem=one.problem, **what, **by) for one in entries]
    )
