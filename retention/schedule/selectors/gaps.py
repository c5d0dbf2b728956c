"""Gaps: data categories that an active purpose needs and for which no retention rule is in force."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from consent.register.models.purposes import ROLES
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["Gap", "list_gaps"]

_GAPS = """
SELECT c.name, p.code, n.category, coalesce(
    (
        SELECT CASE %(language)s WHEN 'ur' THEN k.name_ur ELSE k.name_en END FROM consent_datacategory k
        WHERE k.code = n.category AND k.client_id IN (p.client_id, %(shared)s)
        ORDER BY k.client_id = %(shared)s LIMIT 1
    ), n.category)
FROM consent_purpose p
CROSS JOIN LATERAL unnest(p.categories) AS n (category)
LEFT JOIN accounts_client c ON c.id = p.client_id
WHERE p.is_active AND (%(owner)s::uuid IS NULL OR p.client_id IN (%(owner)s, %(shared)s))
    AND (
        SELECT count(DISTINCT k.role)
        FROM schedule_retentionrule r
        JOIN consent_purpose q ON q.id = r.purpose_id AND q.code = p.code
        JOIN unnest(%(roles)s::text[]) AS k (role) ON r.role IN ('', k.role)
        WHERE r.category = n.category AND r.client_id IN (coalesce(%(owner)s, p.client_id), %(shared)s)
            AND r.starts_at <= %(at)s AND (r.ends_at IS NULL OR r.ends_at > %(at)s)
    ) < cardinality(%(roles)s::text[])
ORDER BY n.category, p.code, c.name
LIMIT %(limit)s
"""


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
    values = {
        "owner": owner,
        "shared": PAKTALEEM,
        "roles": [code for code, _ in ROLES],
        "at": at,
        "limit": limit,
        "language": language,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, values)
        return [Gap(client or "", *named) for client, *named in cursor.fetchall()]
