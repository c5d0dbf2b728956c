"""Changes that affect decisions since a position, without gaps.

A late commit would be missed by a reader of a counter, so a change is returned only when every older transaction has
ended (``pg_snapshot_xmin``). The list is complete and its order final; a long transaction delays all later changes.
"""

import json
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from consent.decisions.selectors.decisions import ChangedAnswer, compare_answers
from consent.notices.selectors.registers import current_register
from paktaleem.directory.people.details import age_columns, withhold_looser_changes
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.ages import age_rules_of
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues

_START = UUID(int=0)


class Position(NamedTuple):
    """A position in the order of changes; ``cluster`` identifies the database cluster, which a restore changes."""

    cluster: int
    xact: int
    last: UUID


class Change(NamedTuple):
    """One change. Without ``subject`` it concerns all people of the client, or a person who was erased."""

    kind: str
    subject: str | None
    subject_id: UUID | None
    purpose: str | None


class ChangesPage(NamedTuple):
    """A page of changes in order, the position after it, and whether there are more."""

    changes: list[Change]
    position: Position
    has_more: bool


_NOW = (
    "SELECT (SELECT system_identifier FROM pg_control_system()), pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
)
_SINCE = """
WITH settled AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS below)
SELECT kind, external_id, subject_id, purpose_code, xact, id FROM (
    (SELECT c.kind, s.external_id, c.subject_id, c.purpose_code, c.xact, c.id
     FROM consent_subjectchange c
     LEFT JOIN people_subject s ON s.client_id = c.client_id AND s.id = c.subject_id
     WHERE c.client_id = %(client)s AND (c.xact, c.id) > (%(xact)s, %(last)s)
         AND c.xact < (SELECT below FROM settled)
     ORDER BY c.xact, c.id LIMIT %(most)s)
    UNION ALL
    (SELECT 'register', NULL, NULL, '', r.xact, r.id
     FROM consent_registerchange r
     WHERE r.client_id IN (%(client)s, %(shared)s) AND (r.xact, r.id) > (%(xact)s, %(last)s)
         AND r.xact < (SELECT below FROM settled)
     ORDER BY r.xact, r.id LIMIT %(most)s)
) AS found ORDER BY xact, id LIMIT %(most)s
"""


def get_latest_position() -> Position:
    """Return the position after all completed changes."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        cluster, xact = cursor.fetchone()
    return Position(cluster, xact, _START)


def list_changes_since(actor: Actor, client_id: UUID, position: Position, *, most: int) -> ChangesPage:
    """List at most ``most`` completed changes after a position, in the client's context. Raises NotAllowed."""
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    with connection.cursor() as cursor:
        asked: SqlValues = {"client": client_id, "shared": PAKTALEEM, "xact": position.xact, "last": position.last}
        cursor.execute(_SINCE, asked | {"most": most + 1})
        rows = cursor.fetchall()
    page = rows[:most]
    after = Position(position.cluster, page[-1][4], page[-1][5]) if page else position
    changes = [Change(kind, subject, subject_id, purpose or None) for kind, subject, subject_id, purpose, *_ in page]
    return ChangesPage(changes, after, len(rows) > most)


_AS_IF_CHANGED = """
UPDATE people_subject SET role = %(role)s, other_roles = %(others)s::varchar[], country = %(country)s,
    of_age_at = %(of_age_at)s, of_age_threshold = %(of_age_threshold)s
WHERE client_id = %(client)s AND id = %(id)s
"""
"""Rolled back in the same function: it leaves no history."""


class RolePreview(NamedTuple):
    """All roles afterwards, the main one first; the answers that change; ``waits`` for a second person."""

    roles: tuple[str, ...]
    effects: tuple[ChangedAnswer, ...]
    waits: bool

    @property
    def fingerprint(self) -> str:
        """A digest of what is shown: a confirmation of something else does not count."""
        return sha256(json.dumps([self.roles, self.effects, self.waits]).encode()).hexdigest()


def preview_roles(subject: Subject, role: str, other_roles: Collection[str], *, at: datetime) -> RolePreview:
    """Return what these roles would change, once confirmed, in the client's context; nothing is written.

    They are set in a savepoint that is rolled back: one function reads the facts before and after. Raises KeyDestroyed.
    """
    client = subject.client
    before = open_details(subject, sealer_of(subject))
    wanted = before.changed({"role": role, "other_roles": tuple(other_roles)})
    after = wanted.checked(today=client.day_at(at), region=client.country)
    with transaction.atomic():
        now = _read_facts(subject)
        ages = age_columns(after, thresholds=client.thresholds, time_zone=client.time_zone, at=at)
        values = {**ages, "role": after.role, "others": list(after.other_roles), "id": subject.pk, "client": client.pk}
        with connection.cursor() as cursor:
            cursor.execute(_AS_IF_CHANGED, values)
        then = _read_facts(subject)
        transaction.set_rollback(True)
    effects = compare_answers(now, then, current_register(client.pk), at)
    waits = withhold_looser_changes(before, after, age_rules_of(client, at)) is not None
    return RolePreview(after.roles, tuple(effects), waits)


def _read_facts(subject: Subject) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_subject_facts(%s, NULL)::text", [subject.external_id])
        [text] = cursor.fetchone()
    return str(text)
