"""The effect of a new recipient, counted before it is requested and before it is approved (GDPR Art. 4(11), 28(2))."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from children.strength import needed_strength
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_CONSENTS = """
SELECT c.client_id, count(*)
FROM consent_consent c
WHERE c.state = 'given' AND c.purpose_id = ANY (%(purposes)s)
    AND (c.expires_at IS NULL OR c.expires_at > %(at)s)
    AND (%(everywhere)s OR c.client_id = %(client)s)
GROUP BY c.client_id
"""
_CHILDREN = """
SELECT child.client_id,
    count(*) FILTER (WHERE child.strength < %(needed)s),
    count(*) FILTER (WHERE NOT child.shares)
FROM (
    SELECT a.client_id, a.child_id, max(v.strength) AS strength, bool_or(a.shares) AS shares
    FROM (
        SELECT DISTINCT ON (l.client_id, l.guardianship_id) l.*
        FROM children_serviceauthorisation l
        WHERE l.guardianship_id IS NOT NULL AND (%(everywhere)s OR l.client_id = %(client)s)
        ORDER BY l.client_id, l.guardianship_id, l.recorded_at DESC, l.id DESC
    ) a
    JOIN children_verification v ON (v.client_id, v.guardianship_id) = (a.client_id, a.guardianship_id)
    JOIN subjects_subject s ON (s.client_id, s.id) = (a.client_id, a.child_id)
    WHERE a.decision = 'given' AND (a.expires_at IS NULL OR a.expires_at > %(at)s)
        AND v.ended_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > %(at)s)
        AND s.erased_at IS NULL AND (s.of_age_at IS NULL OR s.of_age_at > %(at)s)
    GROUP BY a.client_id, a.child_id
) child
GROUP BY child.client_id
"""
_NOTIFIED = """
SELECT count(*) FROM accounts_client c
WHERE c.id <> %(client)s AND consent_may_reach(c.id, %(codes)s, %(categories)s, %(at)s)
"""


@dataclass(frozen=True, slots=True)
class ClientEffect:
    """Counts at one client: consents that do not cover the recipient, and children by what their guardians gave.

    ``weak`` are children whose guardians' consent no longer suffices, because it was verified too weakly for data that
    reaches outside; ``unshared`` those whose guardians did not consent to recipients, so that nothing is shared.
    """

    client: str
    consents: int = 0
    weak: int = 0
    unshared: int = 0


@dataclass(frozen=True, slots=True)
class RecipientEffect:
    """The effect of a new recipient: ``total`` of the clients, and each client with a count above zero, by name.

    ``notified`` is the number of clients to which it is announced; None: it is a client's own, and announced to none.
    """

    notified: int | None
    total: ClientEffect
    by_client: tuple[ClientEffect, ...]


def count_recipient_effect(row: RecipientApproval, *, at: datetime) -> RecipientEffect:
    """Count whose consent and whose guardians' consent would not cover an approval, at every client the context sees.

    Runs a fixed number of queries. A client's own approval concerns its own people only.
    """
    values: dict[str, Any] = {
        "codes": row.purposes,
        "categories": row.categories,
        "purposes": list(Purpose.objects.filter(code__in=row.purposes).values_list("pk", flat=True)),
        "everywhere": row.client_id == PAKTALEEM,
        "client": row.client_id,
        "needed": needed_strength(reaches_outside=True) if _reaches_outside_first(row, at) else 0,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONSENTS, values)
        consents = dict(cursor.fetchall())
        cursor.execute(_CHILDREN, values)
        children = {client: (weak, unshared) for client, weak, unshared in cursor.fetchall()}
        cursor.execute(_NOTIFIED, values)
        [notified] = cursor.fetchone()
    names = dict(Client.objects.filter(pk__in={*consents, *children}).values_list("pk", "name"))
    found = [
        ClientEffect(name, consents.get(client, 0), *children.get(client, (0, 0))) for client, name in names.items()
    ]
    affected = sorted((one for one in found if one.consents or one.weak or one.unshared), key=lambda one: one.client)
    return RecipientEffect(notified if values["everywhere"] else None, _add_up(affected), tuple(affected))


def _reaches_outside_first(row: RecipientApproval, at: datetime) -> bool:
    """Return True if no other recipient is approved yet for one of the purposes."""
    others = RecipientApproval.objects.active(at).exclude(pk=row.pk)
    reached = {code for codes in others.values_list("purposes", flat=True) for code in codes}
    return bool(set(row.purposes) - reached)


def _add_up(effects: list[ClientEffect]) -> ClientEffect:
    return ClientEffect(
        "",
        sum(one.consents for one in effects),
        sum(one.weak for one in effects),
        sum(one.unshared for one in effects),
    )
