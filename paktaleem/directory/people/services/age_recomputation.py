"""Recompute when people reach the age threshold, for another threshold, country rule or time zone."""

# One change of a threshold concerns everyone, so people are recomputed in batches; until then an age computed for
# another threshold counts for the child.

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from paktaleem.directory.people.details import age_columns
from paktaleem.directory.people.extension_points import age_change_settled
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.selectors import sealer_of, sealers_of
from paktaleem.directory.people.services.ages import PROPOSAL, parse_proposal
from paktaleem.directory.people.services.people import apply_confirmed_change, lock_subject, open_details, record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import decide_change, require_approver
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import SqlValues, new_id

_PEOPLE, _HISTORY = Subject._meta.db_table, Subject.history.model


@transaction.atomic
def recompute_ages(
    client: Client, *, after: UUID | None = None, limit: int = 500, actor: Actor, at: datetime
) -> UUID | None:
    """Recompute when people reach the threshold, up to ``limit`` after an id; return the last id, None at the end.

    Until then ``ages.may_be_child_until`` protects people whose age was computed for another threshold. Raises
    NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    people = Subject.objects.select_for_update().filter(client=client, erased_at=None).order_by("id")
    batch = list((people.filter(id__gt=after) if after else people)[:limit])
    sealers = sealers_of(client.id, [one.id for one in batch])
    changed = []
    for person in batch:
        details = open_details(person, sealers[person.id])
        ages = age_columns(details, thresholds=client.thresholds, time_zone=client.time_zone, at=at)
        if (person.of_age_at, person.of_age_threshold) != (ages["of_age_at"], ages["of_age_threshold"]):
            changed.append((person.id, ages["of_age_at"], ages["of_age_threshold"]))
    if changed:
        _write(client.id, changed, actor, at)
    return batch[-1].id if batch else None


def _write(
    client_id: UUID, changed: Sequence[tuple[UUID, datetime | None, int | None]], actor: Actor, at: datetime
) -> None:
    kept = {str(one.column): f"w.{one.column}" for one in _HISTORY._meta.concrete_fields if not one.generated} | {
        "history_id": "w.new_history_id",
        "history_date": "%(at)s",
        "history_change_reason": "%(reason)s",
        "history_type": "'~'",
        "history_user_id": "NULL",
        "actor_kind": "%(actor_kind)s",
        "actor_id": "%(actor_id)s",
        "actor_role": "%(actor_role)s",
    }
    sql = f"""
        WITH w AS (
            UPDATE {_PEOPLE} s
            SET of_age_at = n.of_age_at, of_age_threshold = n.of_age_threshold, changed_at = %(at)s
            FROM unnest(%(ids)s::uuid[], %(moments)s::timestamptz[], %(thresholds)s::smallint[], %(history)s::uuid[])
                AS n (id, of_age_at, of_age_threshold, new_history_id)
            WHERE s.client_id = %(client)s AND s.id = n.id
            RETURNING s.*, n.new_history_id)
        INSERT INTO {_HISTORY._meta.db_table} ({", ".join(kept)}) SELECT {", ".join(kept.values())} FROM w
    """  # noqa: S608 -- every name comes from the models, every value is a parameter
    kind, actor_id, role = actor_columns(actor)
    ids, moments, thresholds = zip(*changed, strict=True)
    values: SqlValues = {
        "client": client_id,
        "ids": list(ids),
        "moments": list(moments),
        "thresholds": list(thresholds),
        "history": [new_id() for _ in ids],
        "reason": Reason.LAW_CHANGE.value,
        "actor_kind": kind,
        "actor_id": actor_id,
        "actor_role": role,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@transaction.atomic
def settle_age_change(
    change: AgeChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> AgeChange:
    """Confirm a waiting change, which takes effect now, or decline it; its proposer may only decline (decision 0029).

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, AlreadyErased, ValidationError,
    NotAllowed.
    """
    require_approver(actor, change.client_id)
    subject = lock_subject(change.subject_id, client_id=change.client_id)
    change = decide_change(change, approve=approve, actor=actor, at=at)
    change.save(update_fields=["state", "settled_by", "settled_at"])
    kind, facts = "subject.age_change_settled", {"change": str(change.pk), "state": str(change.state)}
    record_entry(kind, client_id=change.client_id, subject_id=change.subject_id, facts=facts, actor=actor, at=at)
    if approve:
        proposal = sealer_of(subject).open(change.proposal, column=PROPOSAL)
        apply_confirmed_change(subject, parse_proposal(proposal), actor=actor, reason=reason, at=at)
    for handler in age_change_settled:
        handler(change, actor, at)
    return change


@transaction.atomic
def open_age_change(change: AgeChange, *, actor: Actor, reason: Reason | str, at: datetime) -> dict[str, object]:
    """Return the proposed details, and record the access with its reason. Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.REVEAL_PERSONAL_DATA, change.client_id)
    subject = lock_subject(change.subject_id, client_id=change.client_id)
    ages = ["birth_date", "attested_age", "declared_age", "age_check"]
    record_access(subject, ages, actor=actor, reason=reason, at=at)
    return parse_proposal(sealer_of(subject).open(change.proposal, column=PROPOSAL))
