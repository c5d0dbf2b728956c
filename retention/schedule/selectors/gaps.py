"""Gaps: data categories that an active purpose needs and for which no retention rule is in force."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from psycopg.sql import SQL

from consent.register.models.purposes import ROLES
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_HAS_NO_RULE = SQL("""(
    SELECT count(DISTINCT k.role)
    FROM schedule_retentionrule r
    JOIN unnest(%(roles)s::text[]) AS k (role) ON r.role IN ('', k.role)
    WHERE r.purpose_id IN (p.id, o.id) AND r.category = n.category
        AND r.client_id IN (coalesce(%(owner)s::uuid, p.client_id), %(shared)s)
        AND r.starts_at <= %(at)s AND (r.ends_at IS NULL OR r.ends_at > %(at)s)
) < cardinality(%(roles)s::text[])""")
_PURPOSES = SQL("""
FROM consent_purpose p
LEFT JOIN consent_purpose o
    ON o.code = p.code AND o.client_id = CASE WHEN p.client_id = %(shared)s THEN %(owner)s::uuid ELSE %(shared)s END
CROSS JOIN LATERAL unnest(p.categories) AS n (category)
""")
"""Purposes with their categories, and the one of the same code whose rules count, too: PakTaleem's, or the client's."""
_GAPS = SQL("""
SELECT c.name, p.code, n.category, coalesce(
    (
        SELECT CASE %(language)s WHEN 'ur' THEN k.name_ur ELSE k.name_en END FROM consent_datacategory k
        WHERE k.code = n.category AND k.client_id IN (p.client_id, %(shared)s)
        ORDER BY k.client_id = %(shared)s LIMIT 1
    ), n.category)
{purposes}
LEFT JOIN accounts_client c ON c.id = p.client_id
WHERE p.is_active AND (%(owner)s::uuid IS NULL OR p.client_id IN (%(owner)s, %(shared)s))
    AND {has_no_rule}
ORDER BY n.category, p.code, c.name
LIMIT %(limit)s
""").format(purposes=_PURPOSES, has_no_rule=_HAS_NO_RULE)
_OWNERS = SQL("""
SELECT DISTINCT p.client_id
{purposes}
WHERE p.is_active AND p.client_id <> %(shared)s AND {has_no_rule}
""").format(purposes=_PURPOSES, has_no_rule=_HAS_NO_RULE)


class Gap(NamedTuple):
    """A category that a purpose needs without a rule for every role; ``client`` is empty for PakTaleem's purposes."""

    client: str
    purpose: str
    category: str
    category_name: str


def list_gaps(actor: Actor, *, at: datetime, limit: int, language: str = "en") -> list[Gap]:
    """List gaps by category, of a client or of all clients; one query. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    owner = None if actor.client_id == PAKTALEEM else actor.client_id
    values = {**_values(owner, at), "limit": limit, "language": language}
    with connection.cursor() as cursor:
        cursor.execute(_GAPS.as_string(), values)
        return [Gap(client or "", *named) for client, *named in cursor.fetchall()]


def list_owners_with_gaps(*, at: datetime) -> set[UUID]:
    """Return the clients with a gap in a purpose of their own, of those the caller sees; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS.as_string(), _values(None, at))
        return {owner for (owner,) in cursor.fetchall()}


def _values(owner: UUID | None, at: datetime) -> dict[str, Any]:
    return {"owner": owner, "shared": PAKTALEEM, "roles": [code for code, _ in ROLES], "at": at}
