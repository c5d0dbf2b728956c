"""Counts of the people a weaker safeguard would concern, before it is requested and before it is approved."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from consent.register.models.purposes import Purpose
from consent.register.models.safeguards import SafeguardKind
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_COUNT = """
SELECT count(*), count(*) FILTER (WHERE c.state = 'given'), count(*) FILTER (WHERE c.state IN ('refused', 'withdrawn')),
    count(DISTINCT s.client_id)
FROM subjects_subject s
LEFT JOIN consent_consent c
    ON (c.client_id, c.subject_id) = (s.client_id, s.id) AND c.purpose_id = ANY (%(purposes)s)
WHERE s.erased_at IS NULL
    AND (%(roles)s::varchar[] = '{}' OR ARRAY[s.role] || s.other_roles && %(roles)s::varchar[])
    AND (%(everywhere)s OR s.client_id = %(client)s)
    AND (NOT %(closed)s OR NOT s.is_enabled OR s.account_closed_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class SafeguardEffect:
    """Counts of people whom a weaker safeguard would concern, of their answers, and of clients."""

    kind: SafeguardKind
    people: int
    given: int
    refused: int
    clients: int


def count_concerned(
    kind: SafeguardKind, *, client_id: UUID, purposes: Iterable[UUID], roles: Iterable[str] = ()
) -> SafeguardEffect:
    """Count the people whose answer or closed account would no longer protect them.

    ``roles`` limit the count to people who have one of them. A change by PakTaleem concerns the people of every client
    that the context sees.
    """
    codes = Purpose.objects.filter(pk__in=list(purposes)).values_list("code", flat=True)
    same = Purpose.objects.filter(code__in=list(codes), client_id__in=[client_id, PAKTALEEM])
    values: dict[str, Any] = {
        "purposes": list(same.values_list("pk", flat=True)),
        "roles": list(roles),
        "everywhere": client_id == PAKTALEEM,
        "client": client_id,
        "closed": kind == SafeguardKind.ACCOUNT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        people, given, refused, clients = cursor.fetchone()
    return SafeguardEffect(kind, people, given, refused, clients)
