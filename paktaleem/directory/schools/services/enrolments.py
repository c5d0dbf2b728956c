"""Write enrolments set by set, and end those that a source no longer lists. Ended rows stay: they are the history.

An enrolment is found by its own id, or else by class, person and role; if one of these changes, another period begins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import ENROLMENTS, EnrolmentRow, Tally
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import plan_as_usual, plan_for_many
from paktaleem.foundation.tenancy.rows import SqlValues, new_id
from paktaleem.foundation.tenancy.stages import Stage


@dataclass(slots=True, kw_only=True)
class Run:
    """One recording, on the day ``today`` of the client's time zone, of the parts that are ``complete``.

    The enrolments of people ``removed`` (ids) end. ``digest`` compares a trial with its import; not against forgery.
    """

    client: Client
    origin: Origin
    at: datetime
    today: date
    complete: frozenset[str]
    removed: Sequence[UUID] = ()
    digest: list[str] = field(default_factory=list)

    @property
    def params(self) -> SqlValues:
        return {
            "client": self.client.id,
            "origin": self.origin.value,
            "at": self.at,
            "today": self.today,
            "removed": list(self.removed),
        }

    def execute(self, *statements: str) -> None:
        """Execute statements with the parameters of the recording."""
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, self.params)

    def summarise(self, part: str, statement: str, *, end: str) -> Tally:
        """Return the numbers by action, and add them with their digest to that of the run; ``end`` is that of ends."""
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found = {action: (count, digest) for action, count, digest in cursor.fetchall()}
        lines = (f"{part} {action} {count} {digest}" for action, (count, digest) in found.items() if action != "same")
        self.digest += lines
        return Tally(*(found.get(action, (0, ""))[0] for action in ("add", "change", "same", end)))


_STATED = Stage(
    "stated_enrolments",
    {
        "row": "integer",
        "id": "uuid",
        "external_id": "text",
        "school_class": "text",
        "person": "text",
        "role": "text",
        "starts_on": "date",
        "ends_on": "date",
        "gone": "boolean",
    },
)
_FOUND = Stage(
    "found_enrolments",
    {
        "row": "integer",
        "id": "uuid",
        "external_id": "text",
        "class_id": "uuid",
        "subject_id": "uuid",
        "role": "text",
        "stated_on": "date",
        "starts_on": "date",
        "ends_on": "date",
        "kept_id": "uuid",
        "moved_id": "uuid",
        "action": "text",
    },
)
_ENDING = Stage("ending_enrolments", {"id": "uuid PRIMARY KEY", "last_on": "date"})

# One look-up by an index for each stated row (see rosters.importing.tables about the client in a subquery).
# ``known`` is the kept row with the same id, ``same`` one of the same class, person and role that is not over.
_COMPARE = """
INSERT INTO found_enrolments
WITH given AS (
    SELECT *, external_id <> '' AND row_number() OVER (PARTITION BY external_id ORDER BY row) > 1 AS is_repeated
    FROM stated_enrolments
), looked_up AS (
    SELECT g.*, c.id AS class_id, s.id AS subject_id, s.erasure_started_at IS NOT NULL AS is_erasing,
        s.id = ANY(%(removed)s) AS is_removed, known.id AS known_id, known.starts_on AS known_starts_on,
        (known.school_class_id, known.subject_id, known.role) = (c.id, s.id, g.role) AS is_in_place,
        same.id AS same_id
    FROM given g
    LEFT JOIN LATERAL (SELECT id FROM schools_schoolclass c WHERE c.client_id = (SELECT %(client)s::uuid)
        AND c.external_id = g.school_class AND c.ended_at IS NULL LIMIT 1) c ON true
    LEFT JOIN LATERAL (SELECT id, erasure_started_at FROM people_subject s
        WHERE s.client_id = (SELECT %(client)s::uuid) AND s.external_id = g.person LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT * FROM schools_enrolment e WHERE e.client_id = (SELECT %(client)s::uuid)
        AND e.external_id = g.external_id AND e.external_id <> '' AND e.ended_at IS NULL LIMIT 1) known ON true
    LEFT JOIN LATERAL (SELECT * FROM schools_enrolment e WHERE e.client_id = (SELECT %(client)s::uuid)
        AND e.school_class_id = c.id AND e.subject_id = s.id AND e.role = g.role AND e.ended_at IS NULL
        AND (g.starts_on IN (e.starts_on, e.stated_on)
            OR g.starts_on IS NULL AND (e.ends_on IS NULL OR e.ends_on > %(today)s)
            OR (e.external_id = '' OR g.external_id = '') AND (e.ends_on IS NULL OR e.ends_on > g.starts_on))
        ORDER BY e.starts_on DESC LIMIT 1) same ON true
), settled AS (
    SELECT l.*, CASE WHEN is_in_place THEN known_id WHEN gone THEN coalesce(known_id, same_id)
                     WHEN class_id IS NULL OR subject_id IS NULL THEN known_id ELSE same_id END AS kept_id,
        CASE WHEN NOT is_repeated AND NOT gone AND NOT is_in_place AND class_id IS NOT NULL AND subject_id IS NOT NULL
             THEN known_id END AS moved_id
    FROM looked_up l
), dated AS (
    SELECT t.*, e.external_id AS kept_external_id, e.starts_on AS kept_starts_on, e.ends_on AS kept_ends_on,
        e.stated_on AS kept_stated_on, coalesce(t.starts_on, e.stated_on) AS new_stated_on,
        CASE WHEN e.id IS NOT NULL AND (t.starts_on IS NULL OR t.starts_on IS NOT DISTINCT FROM e.stated_on)
                 THEN e.starts_on
             WHEN t.starts_on IS NULL OR moved_id IS NOT NULL AND t.starts_on <= known_starts_on THEN %(today)s::date
             ELSE t.starts_on END AS new_starts_on
    FROM settled t LEFT JOIN schools_enrolment e
        ON e.client_id = (SELECT %(client)s::uuid) AND e.id = t.kept_id
), decided AS (
    SELECT d.*, CASE WHEN d.ends_on IS NOT NULL THEN greatest(d.ends_on, new_starts_on) END AS new_ends_on,
        CASE WHEN is_repeated THEN 'repeated'
             WHEN gone THEN CASE WHEN kept_id IS NULL THEN 'none' ELSE 'end' END
             WHEN class_id IS NULL THEN 'no_class'
             WHEN subject_id IS NULL THEN 'no_person'
             WHEN is_erasing THEN 'erasing'
             WHEN is_removed THEN 'removed'
             WHEN kept_id IS NULL THEN 'add'
             WHEN (external_id IN ('', kept_external_id) AND new_starts_on = kept_starts_on
                AND new_stated_on IS NOT DISTINCT FROM kept_stated_on
                AND CASE WHEN d.ends_on IS NOT NULL THEN greatest(d.ends_on, new_starts_on) END
                    IS NOT DISTINCT FROM kept_ends_on) THEN 'same'
             WHEN new_starts_on <> kept_starts_on AND EXISTS (SELECT FROM schools_enrolment x
                WHERE x.client_id = (SELECT %(client)s::uuid) AND x.school_class_id = class_id
                    AND x.subject_id = d.subject_id AND x.role = d.role AND x.starts_on = new_starts_on
                    AND x.ended_at IS NULL AND x.id <> kept_id) THEN 'same'
             ELSE 'change' END AS action
    FROM dated d
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY coalesce(kept_id, id), action IN ('add', 'change', 'same', 'end')
            ORDER BY is_in_place IS NOT TRUE, row) AS of_kept,
        row_number() OVER (PARTITION BY class_id, subject_id, role, new_starts_on, action IN ('add', 'change', 'same')
            ORDER BY action = 'add', row) AS of_place
    FROM decided
)
SELECT row, id, external_id, class_id, subject_id, role, new_stated_on, new_starts_on, new_ends_on, kept_id, moved_id,
    CASE WHEN of_kept > 1 AND action IN ('add', 'change', 'same', 'end') THEN 'repeated'
         WHEN of_place > 1 AND action IN ('add', 'change', 'same') THEN 'repeated' ELSE action END
FROM ranked"""
_END_STATED = """
INSERT INTO ending_enrolments SELECT kept_id, coalesce(ends_on, %(today)s) FROM found_enrolments WHERE action = 'end'
ON CONFLICT (id) DO NOTHING"""
_END_MOVED = """
INSERT INTO ending_enrolments SELECT moved_id, min(starts_on) FROM found_enrolments
WHERE moved_id IS NOT NULL AND action IN ('add', 'change', 'same', 'repeated')
GROUP BY moved_id ON CONFLICT (id) DO NOTHING"""
_END_ABSENT = """
INSERT INTO ending_enrolments SELECT e.id, %(today)s FROM schools_enrolment e
WHERE e.client_id = (SELECT %(client)s::uuid) AND e.ended_at IS NULL AND e.origin = 'roster'
    AND NOT EXISTS (SELECT FROM found_enrolments f WHERE f.kept_id = e.id)
    AND NOT EXISTS (SELECT FROM found_enrolments f WHERE f.moved_id = e.id)
ON CONFLICT (id) DO NOTHING"""
_END_OF_CLASSES = """
INSERT INTO ending_enrolments SELECT e.id, %(today)s FROM found_classes f JOIN schools_enrolment e
    ON e.client_id = (SELECT %(client)s::uuid) AND e.school_class_id = f.id AND e.ended_at IS NULL
WHERE f.action = 'end' ON CONFLICT (id) DO NOTHING"""
_END_OF_REMOVED = """
INSERT INTO ending_enrolments SELECT e.id, %(today)s FROM schools_enrolment e
WHERE e.client_id = (SELECT %(client)s::uuid) AND e.subject_id = ANY(%(removed)s) AND e.ended_at IS NULL
ON CONFLICT (id) DO NOTHING"""
_END = """
UPDATE schools_enrolment e SET ended_at = %(at)s,
    ends_on = greatest(e.starts_on, least(coalesce(e.ends_on, n.last_on), n.last_on))
FROM ending_enrolments n WHERE e.client_id = %(client)s AND e.id = n.id"""
_CHANGE = """
UPDATE schools_enrolment e SET stated_on = f.stated_on, starts_on = f.starts_on, ends_on = f.ends_on,
    external_id = CASE WHEN f.external_id = '' THEN e.external_id ELSE f.external_id END
FROM found_enrolments f
WHERE f.action = 'change' AND e.client_id = %(client)s AND e.id = f.kept_id AND e.ended_at IS NULL"""
# The lock waits for an erasure that was confirmed meanwhile, and then leaves its person out.
_ADD = """
INSERT INTO schools_enrolment (id, client_id, school_class_id, subject_id, role, external_id, origin, stated_on,
    starts_on, ends_on, recorded_at)
SELECT f.id, %(client)s, f.class_id, f.subject_id, f.role, f.external_id, %(origin)s, f.stated_on,
    f.starts_on, f.ends_on, %(at)s
FROM found_enrolments f JOIN (
    SELECT s.id FROM people_subject s
    WHERE s.client_id = %(client)s AND s.external_id IS NOT NULL AND s.erasure_started_at IS NULL
        AND s.id IN (SELECT subject_id FROM found_enrolments WHERE action = 'add')
    ORDER BY s.id FOR SHARE) s ON s.id = f.subject_id
WHERE f.action = 'add'
ON CONFLICT (client_id, school_class_id, subject_id, role, starts_on) WHERE ended_at IS NULL DO NOTHING"""
_SUMMARY = """
SELECT action, count(*), sum(hashtextextended(concat_ws('|', action, row, kept_id, moved_id), 0)::numeric)::text
FROM found_enrolments GROUP BY action
UNION ALL SELECT 'ended', count(*), sum(hashtextextended(id::text, 0)::numeric)::text FROM ending_enrolments
ORDER BY 1"""


def record_enrolments(rows: Iterable[EnrolmentRow] | None, run: Run) -> Tally:
    """Write stated enrolments, after the classes; end those of ended classes and people who left (decision 0089)."""
    for stage in (_STATED, _FOUND, _ENDING):
        stage.make()
    if rows is not None:
        staged = ((row[0], new_id(), *row[1:]) for row in rows)
        _STATED.copy(staged, client_id=run.client.id)
        _STATED.analyse()
        run.execute(_COMPARE)
        _FOUND.analyse()
    ends = [_END_STATED, _END_MOVED, _END_OF_CLASSES, _END_OF_REMOVED]
    run.execute(*ends, *([_END_ABSENT] if ENROLMENTS in run.complete else []))
    _ENDING.analyse()
    run.execute(_END, _CHANGE)
    _add(run)
    return run.summarise(ENROLMENTS, _SUMMARY, end="ended")


def _add(run: Run) -> None:
    if run.origin is not Origin.ROSTER:
        run.execute(_ADD)
        return
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_ADD, run.params)
        plan_as_usual(cursor)


def list_left_out(actions: Iterable[str], *, most: int) -> list[tuple[str, int, list[int]]]:
    """List actions of the last recording in this transaction, with the number of their rows and the first ``most``."""
    sql = """
        SELECT action, count(*), (array_agg(row ORDER BY row))[:%s] FROM found_enrolments
        WHERE action = ANY(%s) GROUP BY action ORDER BY action"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [most, list(actions)])
        return list(cursor.fetchall())


def list_results() -> list[tuple[int, str]]:
    """List the row and the action of each row of the last recording in this transaction, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, action FROM found_enrolments ORDER BY row")
        return list(cursor.fetchall())
