"""SQL statements of disposals: they flag and check holdings for many people at once, and read no row into memory."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import connection

from paktaleem.foundation.tenancy.rows import UUID7_SQL

_IN_CHUNK = "(%(low)s::uuid IS NULL OR [person] > %(low)s) AND (%(high)s::uuid IS NULL OR [person] <= %(high)s)"


def _limit_to_chunk(statement: str) -> str:
    """Replace ``[of COLUMN]`` by the range of a chunk's people: the planner derives none from a join."""
    return re.sub(r"\[of ([a-z_.]+)\]", lambda found: _IN_CHUNK.replace("[person]", found[1]), statement)


NEXT_LIMIT = """
SELECT subject_id FROM holdings_holding
WHERE client_id = %(client)s AND ended_at IS NULL AND (%(low)s::uuid IS NULL OR subject_id > %(low)s)
ORDER BY subject_id OFFSET %(size)s LIMIT 1
"""
"""The person up to whom a chunk of holdings goes; all holdings of a person are in the same chunk."""

NEXT_PEOPLE = """
SELECT id FROM people_subject
WHERE client_id = %(client)s AND (%(low)s::uuid IS NULL OR id > %(low)s)
ORDER BY id OFFSET %(size)s LIMIT 1
"""
"""The last person of a chunk of people, for a disposal of everyone's data."""

_INSERT = """
    INSERT INTO disposals_item (id, client_id, batch_id, holding_id, subject_id, category, system_id, rule_id, action,
        method, used_at, due_at, state)
    SELECT [new_id], %(client)s, f.batch_id, f.holding_id, f.subject_id, f.category, f.system_id, f.rule_id,
        f.action, f.method, f.used_at, f.due_at, 'flagged'
    FROM found f
    ON CONFLICT (client_id, holding_id) WHERE is_open DO NOTHING
    RETURNING 1
""".replace("[new_id]", UUID7_SQL)

FLAG_DUE = _limit_to_chunk(
    """
WITH due AS MATERIALIZED (
    SELECT * FROM disposals_due(%(client)s, %(low)s, %(high)s, %(at)s)
), ended AS (
    INSERT INTO consent_retentionfact (id, client_id, subject_id, kind, category, starts_at)
    SELECT [new_id], %(client)s, c.subject_id, 'ended', c.category, %(at)s
    FROM (
        SELECT h.subject_id, h.category, 1 AS held, 0 AS due FROM holdings_holding h
        WHERE h.client_id = %(client)s AND h.ended_at IS NULL AND [of h.subject_id]
        UNION ALL
        SELECT d.subject_id, d.category, 0, 1 FROM due d
    ) c
    GROUP BY c.subject_id, c.category
    HAVING sum(c.held) = sum(c.due)
    ON CONFLICT (client_id, subject_id, category) WHERE kind = 'ended' AND ends_at IS NULL DO NOTHING
), found AS MATERIALIZED (
    SELECT d.*,
        CASE WHEN d.purposes <@ %(own)s::text[] AND d.is_automatic THEN %(paktaleem_automatic)s::uuid
            WHEN d.purposes <@ %(own)s::text[] THEN %(paktaleem_reviewed)s::uuid
            WHEN d.is_automatic THEN %(client_automatic)s::uuid
            ELSE %(client_reviewed)s::uuid END AS batch_id
    FROM due d
    WHERE NOT EXISTS (
        SELECT FROM disposals_item i
        WHERE i.client_id = %(client)s AND [of i.subject_id] AND i.holding_id = d.holding_id
            AND i.again_at > %(at)s
    ) AND NOT EXISTS (
        SELECT FROM disposals_item i
        WHERE i.client_id = %(client)s AND [of i.subject_id] AND i.holding_id = d.holding_id AND i.is_open
    )
), begun AS (
    INSERT INTO disposals_batch (id, client_id, sweep_id, ground, decider, is_automatic, stage, opened_at)
    SELECT b.id, %(client)s, %(sweep)s, 'retention_ended',
        CASE WHEN b.id IN (%(paktaleem_automatic)s::uuid, %(paktaleem_reviewed)s::uuid) THEN 'paktaleem'
            ELSE 'client' END,
        b.id IN (%(paktaleem_automatic)s::uuid, %(client_automatic)s::uuid), 'flagging', %(at)s
    FROM (SELECT DISTINCT batch_id AS id FROM found) b
    ON CONFLICT (id) DO NOTHING
), made AS ([insert])
SELECT count(*) FROM made
""".replace("[insert]", _INSERT).replace("[new_id]", UUID7_SQL)
)
"""Flag what is due and in no open batch, and let decisions refuse its use. Batches begin with their first holding.

What is held is counted beside what is due, not joined with it: the planner expects one row of ``due``, and would
compare each of a chunk's holdings with each.
"""

CLOSE_ENDED = _limit_to_chunk(
    """
WITH ended AS MATERIALIZED (
    SELECT f.id, f.subject_id, f.category FROM consent_retentionfact f
    WHERE f.client_id = %(client)s AND f.kind = 'ended' AND f.ends_at IS NULL AND [of f.subject_id]
), lines AS MATERIALIZED (
    SELECT l.subject_id, l.category, h.last_collected_at, l.due_at,
        schedule_is_held(%(client)s, l.subject_id, l.category, l.system_id) AS is_held
    FROM (SELECT WHERE EXISTS (SELECT FROM ended)) needed
    CROSS JOIN schedule_lines(%(client)s, NULL, NULL, %(at)s, NULL, NULL, %(low)s, %(high)s) l
    JOIN ended e ON e.subject_id = l.subject_id AND e.category = l.category
    JOIN holdings_holding h ON h.client_id = %(client)s AND h.id = l.holding_id AND [of h.subject_id]
), still AS (
    SELECT subject_id, category FROM lines
    GROUP BY subject_id, category
    HAVING bool_and(due_at IS NOT NULL AND due_at <= %(at)s AND last_collected_at <= due_at AND NOT is_held)
)
UPDATE consent_retentionfact f
SET ends_at = greatest(f.starts_at, %(at)s::timestamptz)
FROM ended e
WHERE f.client_id = %(client)s AND f.id = e.id AND [of f.subject_id]
    AND NOT EXISTS (SELECT FROM still s WHERE s.subject_id = e.subject_id AND s.category = e.category)
"""
)
"""Close what is no longer past its retention period: disposed of, collected again, on hold, or kept by a later rule."""

FLAG_AGREEMENT = _limit_to_chunk(
    """
WITH people AS MATERIALIZED (
    SELECT s.id FROM people_subject s
    WHERE s.client_id = %(client)s AND s.erased_at IS NULL AND s.erasure_started_at IS NULL AND [of s.id]
), held AS MATERIALIZED (
    SELECT h.id, h.subject_id, h.category, h.system_id,
        greatest(h.last_collected_at, h.last_activity_at) AS used_at
    FROM holdings_holding h JOIN people p ON p.id = h.subject_id
    WHERE h.client_id = %(client)s AND h.ended_at IS NULL AND [of h.subject_id]
), answered AS MATERIALIZED (
    SELECT i.subject_id, i.category, i.system_id
    FROM disposals_item i
    JOIN disposals_batch b ON b.client_id = i.client_id AND b.id = i.batch_id
    WHERE i.client_id = %(client)s AND [of i.subject_id] AND i.parcel IS NOT NULL AND i.state <> 'sent_back'
        AND b.case_id = (SELECT n.case_id FROM disposals_batch n WHERE n.id = %(batch)s)
), targets AS (
    SELECT h.id AS holding_id, h.subject_id, h.category, h.system_id, h.used_at FROM held h
    UNION ALL
    SELECT NULL, p.id, c.category, y.id, %(at)s
    FROM people p
    CROSS JOIN data_systems_system y
    CROSS JOIN LATERAL unnest(y.categories) AS c (category)
    WHERE y.client_id IN (%(client)s, %(paktaleem)s)
        AND y.starts_at <= %(at)s AND (y.ends_at IS NULL OR y.ends_at > %(at)s)
        AND NOT EXISTS (
            SELECT FROM held h
            WHERE h.subject_id = p.id AND h.category = c.category AND (h.system_id = y.id OR h.system_id IS NULL)
        )
        AND NOT EXISTS (
            SELECT FROM answered a
            WHERE a.subject_id = p.id AND a.category = c.category AND (a.system_id = y.id OR a.system_id IS NULL)
        )
), found AS (
    SELECT t.holding_id, t.subject_id, t.category, t.system_id, NULL::uuid AS rule_id, 'delete' AS action,
        '' AS method, t.used_at, %(at)s::timestamptz AS due_at, %(batch)s::uuid AS batch_id
    FROM targets t
), made AS ([insert])
SELECT count(*) FROM made
""".replace("[insert]", _INSERT)
)
"""Flag every category of every system for everyone, whatever is reported or the rules say.

Holds are checked when the orders are issued. What an earlier disposal of the same case ordered is left out.
"""

SUMMARY = """
SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.category, c.system, c.action, c.method, c.rule, c.state,
    c.cause, c.answer, c.is_reported), '[]')::text, sum(c.count)
FROM (
    SELECT i.category, s.code AS system, i.action, i.method, i.rule_id AS rule, i.state, i.cause, i.answer,
        i.holding_id IS NOT NULL AS is_reported, count(*) AS count
    FROM disposals_item i
    LEFT JOIN data_systems_system s ON s.id = i.system_id
    WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
) c
"""
"""The counts of a batch, as a JSON list, and their sum."""

PROGRESS = """
SELECT state, cause, count(*) FROM disposals_item WHERE client_id = %(client)s AND batch_id = %(batch)s GROUP BY 1, 2
"""

NEXT_LIMIT_OF_BATCH = """
SELECT subject_id FROM disposals_item
WHERE client_id = %(client)s AND batch_id = %(batch)s AND (%(low)s::uuid IS NULL OR subject_id > %(low)s)
ORDER BY subject_id OFFSET %(size)s LIMIT 1
"""

_CHUNK = """
    SELECT i.* FROM disposals_item i
    WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s AND i.state = 'flagged' AND [of i.subject_id]
"""

LOCK_PEOPLE = _limit_to_chunk(
    """
SELECT count(*) FROM (
    SELECT s.id FROM people_subject s
    WHERE s.client_id = %(client)s AND [of s.id] AND s.id IN (SELECT c.subject_id FROM ([chunk]) c)
    ORDER BY s.id FOR UPDATE
) locked
""".replace("[chunk]", _CHUNK)
)
"""A hold, a consent, a collection or an erasure of these people comes before the check or after the orders."""

LOCK_HOLDINGS = _limit_to_chunk(
    """
SELECT count(*) FROM (
    SELECT h.id FROM holdings_holding h
    WHERE h.client_id = %(client)s AND [of h.subject_id] AND h.id IN (SELECT c.holding_id FROM ([chunk]) c)
    ORDER BY h.id FOR NO KEY UPDATE
) locked
""".replace("[chunk]", _CHUNK)
)
"""A use that is reported meanwhile comes before the check or after the orders."""

CHECK_AGAIN = _limit_to_chunk(
    """
WITH chunk AS MATERIALIZED ([chunk]), active AS MATERIALIZED (
    SELECT s.id, s.categories FROM data_systems_system s
    WHERE s.client_id IN (%(client)s, %(paktaleem)s)
        AND s.starts_at <= %(at)s AND (s.ends_at IS NULL OR s.ends_at > %(at)s)
), due AS MATERIALIZED (
    SELECT * FROM disposals_due(%(client)s, %(low)s, %(high)s, %(at)s) WHERE %(by_rule)s
), checked AS (
    SELECT c.id, CASE
        WHEN h.ended_at IS NOT NULL THEN 'gone'
        WHEN s.erased_at IS NOT NULL OR s.erasure_started_at IS NOT NULL THEN 'being_erased'
        WHEN (
            c.subject_id IN (
                SELECT o.subject_id FROM schedule_hold o
                WHERE o.client_id = %(client)s AND o.lifted_at IS NULL AND o.subject_id IS NOT NULL
            ) OR EXISTS (
                SELECT FROM schedule_hold o
                WHERE o.client_id = %(client)s AND o.lifted_at IS NULL AND o.subject_id IS NULL
            ) OR s.same_person IS NOT NULL
        ) AND schedule_is_held(c.client_id, c.subject_id, c.category, c.system_id) THEN 'held'
        WHEN %(by_rule)s AND greatest(h.last_collected_at, h.last_activity_at) <> c.used_at THEN 'used'
        WHEN d.holding_id IS NULL AND EXISTS (
            SELECT FROM consent_restriction x
            WHERE x.client_id = %(client)s AND x.starts_at <= %(at)s AND (x.ends_at IS NULL OR x.ends_at > %(at)s)
                AND (x.purpose_code = '' OR h.purposes IS NULL OR h.purposes ? x.purpose_code)
                AND (x.subject_id = s.id OR x.subject_id IN (
                    SELECT l.id FROM people_subject l
                    WHERE l.client_id = %(client)s AND l.same_person = s.same_person
                ))
        ) THEN 'restricted'
        WHEN NOT %(by_rule)s THEN ''
        WHEN d.holding_id IS NULL THEN 'not_due'
        WHEN (d.rule_id, d.action, d.method, d.due_at) IS DISTINCT FROM (c.rule_id, c.action, c.method, c.due_at)
            THEN 'rule_changed'
        WHEN c.system_id IS NULL AND EXISTS (
            SELECT FROM holdings_holding o
            WHERE o.client_id = c.client_id AND o.subject_id = c.subject_id AND o.category = c.category
                AND o.ended_at IS NULL AND o.id <> c.holding_id AND NOT EXISTS (
                    SELECT FROM chunk n WHERE n.holding_id = o.id AND n.action = c.action AND n.method = c.method
                )
        ) THEN 'elsewhere'
        ELSE '' END AS cause,
        EXISTS (
            SELECT FROM active a WHERE c.category = ANY (a.categories) AND (c.system_id IS NULL OR a.id = c.system_id)
        ) AS has_system
    FROM chunk c
    LEFT JOIN holdings_holding h ON h.client_id = c.client_id AND h.id = c.holding_id AND [of h.subject_id]
    JOIN people_subject s ON s.client_id = c.client_id AND s.id = c.subject_id AND [of s.id]
    LEFT JOIN due d ON d.holding_id = c.holding_id
)
UPDATE disposals_item i
SET state = CASE WHEN k.cause <> '' THEN 'sent_back' ELSE 'no_system' END, cause = k.cause,
    again_at = CASE WHEN k.cause IN ('', 'elsewhere') THEN %(again_at)s::timestamptz END
FROM checked k
WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s AND [of i.subject_id] AND i.id = k.id
    AND (k.cause <> '' OR NOT k.has_system)
""".replace("[chunk]", _CHUNK)
)
"""Send back what changed since it was flagged; the rest of the chunk stays flagged."""

MAKE_PARCELS = _limit_to_chunk(
    """
WITH sorted AS (
    SELECT p.*, dense_rank() OVER (ORDER BY p.system_id, p.action, p.method, p.categories) AS parcel
    FROM (
        SELECT c.subject_id, c.system_id, c.action, c.method, array_agg(c.category ORDER BY c.category) AS categories
        FROM ([chunk]) c
        GROUP BY c.subject_id, c.system_id, c.action, c.method
    ) p
), packed AS (
    UPDATE disposals_item i
    SET state = 'ordered', parcel = s.parcel
    FROM sorted s
    WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s AND i.state = 'flagged' AND [of i.subject_id]
        AND i.subject_id = s.subject_id AND i.system_id IS NOT DISTINCT FROM s.system_id
        AND (i.action, i.method) = (s.action, s.method)
)
SELECT DISTINCT parcel, system_id, action, method, categories FROM sorted ORDER BY 1
""".replace("[chunk]", _CHUNK)
)
"""Group people with the same categories in the same system into parcels: each is ordered by one statement."""

SETTLE = """
UPDATE disposals_item i
SET state = CASE WHEN i.system_id IS NULL THEN o.worst ELSE %(state)s END,
    cause = CASE WHEN i.system_id IS NULL THEN '' ELSE %(cause)s END,
    answer = %(answer)s,
    again_at = CASE WHEN i.system_id IS NULL AND o.worst NOT IN ('disposed', 'not_found')
        THEN coalesce(%(again_at)s::timestamptz, %(at)s::timestamptz + interval '90 days')
        WHEN i.system_id IS NULL THEN NULL
        ELSE %(again_at)s::timestamptz END
FROM (
    SELECT bool_and(ended_at IS NOT NULL) AS is_over,
        CASE WHEN bool_or(state = 'waived') THEN 'waived'
            WHEN bool_or(state = 'not_applicable') THEN 'not_applicable'
            WHEN bool_or(state = 'confirmed') THEN 'disposed' ELSE 'not_found' END AS worst
    FROM data_systems_order
    WHERE client_id = %(client)s AND parent_kind = %(parent_kind)s AND parent_id = %(batch)s
        AND subject_id = %(subject)s AND categories && %(categories)s::varchar[]
) o
WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s AND i.subject_id = %(subject)s AND i.state = 'ordered'
    AND i.category = ANY (%(categories)s::varchar[])
    AND (i.system_id = %(system)s OR i.system_id IS NULL AND o.is_over)
"""
"""Settle the items of one answered order."""

END_HOLDINGS = """
UPDATE holdings_holding h
SET ended_at = %(at)s
FROM disposals_item i
WHERE i.client_id = %(client)s AND i.batch_id = %(batch)s AND i.subject_id = %(subject)s AND i.system_id IS NULL
    AND i.state IN ('disposed', 'not_found')
    AND h.client_id = i.client_id AND h.id = i.holding_id AND h.ended_at IS NULL
"""
"""End the holdings of no known system; the others are ended with their system's answer."""

SETS = """
SELECT id::text, kind, method, size, orders_hash FROM data_systems_orderset
WHERE client_id = %(client)s AND created_at >= %(since)s AND parent_kind = %(parent_kind)s AND parent_id = %(batch)s
ORDER BY id
"""
"""The order sets of a batch, each with the hash that proves its orders."""

RECORDS = """
SELECT s.code, n.key, sum(n.records)::bigint, sum(n.reported)::bigint
FROM data_systems_order o
JOIN data_systems_system s ON s.id = o.system_id
CROSS JOIN LATERAL (
    SELECT key, value::bigint AS records, 0 AS reported FROM jsonb_each_text(o.result -> 'counts')
    UNION ALL SELECT key, 0, value::bigint FROM jsonb_each_text(o.result -> 'reported')
) n
WHERE o.client_id = %(client)s AND o.parent_kind = %(parent_kind)s AND o.parent_id = %(batch)s
GROUP BY 1, 2
ORDER BY 1, 2
"""
"""How many records the systems report as disposed of, and had reported before, by system and category."""


def execute(statement: str, values: Mapping[str, Any]) -> int:
    """Execute a statement; return the number of rows it wrote or returned."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    return written


def fetch(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
