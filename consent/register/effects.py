"""Counts of the people a weaker safeguard would concern, before it is requested and before it is approved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_noop

from children.guardians.authority import needed_strength
from consent.register.bases import (
    CapacityRule,
    OwnedBasis,
    capacity_at,
    combine_bases,
    is_consent_replaced,
    is_wider_capacity,
    needs_less_consent,
)
from consent.register.compiled import PURPOSE_WORDS, Basis, BasisRule, Capacity, Period
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.purposes import (
    BalancingTest,
    LawfulBasis,
    Purpose,
    PurposeCapacity,
    RegisterRow,
    SafeguardKind,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues


def to_capacity_rules(
    rows: Iterable[PurposeCapacity], *, codes: Mapping[UUID, str], client_id: UUID
) -> list[CapacityRule]:
    """Convert capacities: the client's own take precedence, then the latest start."""
    return [
        CapacityRule(
            purpose=codes[row.purpose_id],
            capacity=row.capacity,
            period=Period(row.starts_at, row.ends_at),
            precedence=(row.client_id == client_id, row.starts_at, row.pk),
            is_own=row.client_id == client_id,
        )
        for row in rows
        if row.purpose_id in codes
    ]


def to_owned_bases(
    rows: Iterable[LawfulBasis], tests: Iterable[BalancingTest], *, codes: Mapping[UUID, str], client_id: UUID
) -> list[OwnedBasis]:
    """Convert lawful bases that were not cancelled, still without the capacity of their time."""
    signed = {test.pk: test.signed_at for test in tests}
    return [
        OwnedBasis(
            BasisRule(
                id=row.pk,
                purpose=codes[row.purpose_id],
                role=row.role,
                basis=row.basis,
                capacity=Capacity.PROCESSOR.value,
                period=Period(row.starts_at, row.ends_at),
                balancing_test_at=signed.get(row.balancing_test_id) if row.balancing_test_id else None,
                shared=row.client_id != client_id,
                legal_reference=row.legal_reference,
            ),
            is_paktaleems=row.client_id == PAKTALEEM,
        )
        for row in rows
        if row.purpose_id in codes and not row.is_cancelled
    ]


_COUNT = """
SELECT count(*), count(*) FILTER (WHERE c.state = 'given'), count(*) FILTER (WHERE c.state IN ('refused', 'withdrawn')),
    count(DISTINCT s.client_id)
FROM people_subject s
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

    kind: str
    people: int
    given: int
    refused: int
    clients: int


def count_concerned(
    kind: str, *, client_id: UUID, purposes: Iterable[UUID], roles: Iterable[str] = ()
) -> SafeguardEffect:
    """Count the people whose answer or closed account would no longer protect them.

    They are people with one of the ``roles``. PakTaleem's changes concern those of every client the context sees.
    """
    codes = Purpose.objects.filter(pk__in=list(purposes)).values_list("code", flat=True)
    same = Purpose.objects.filter(code__in=list(codes), client_id__in=[client_id, PAKTALEEM])
    values: SqlValues = {
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
        FROM guardians_serviceauthorisation l
        WHERE l.guardianship_id IS NOT NULL AND (%(everywhere)s OR l.client_id = %(client)s)
        ORDER BY l.client_id, l.guardianship_id, l.recorded_at DESC, l.id DESC
    ) a
    JOIN guardians_verification v ON (v.client_id, v.guardianship_id) = (a.client_id, a.guardianship_id)
    JOIN people_subject s ON (s.client_id, s.id) = (a.client_id, a.child_id)
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
    """Counts at one client: consents without the recipient, children whose guardians are ``weak`` or do not share."""

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
    others = RecipientApproval.objects.active(at).exclude(pk=row.pk)
    reached = {code for codes in others.values_list("purposes", flat=True) for code in codes}
    reaches_first = bool(set(row.purposes) - reached)
    values: SqlValues = {
        "codes": row.purposes,
        "categories": row.categories,
        "purposes": list(Purpose.objects.filter(code__in=row.purposes).values_list("pk", flat=True)),
        "everywhere": row.client_id == PAKTALEEM,
        "client": row.client_id,
        "needed": needed_strength(reaches_outside=True) if reaches_first else 0,
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
    total = ClientEffect(
        "", *(sum(getattr(one, name) for one in affected) for name in ("consents", "weak", "unshared"))
    )
    return RecipientEffect(notified if values["everywhere"] else None, total, tuple(affected))


_SAFEGUARDED = (LawfulBasis, PurposeCapacity, Purpose, Recipient, RecipientApproval)
_NOT_THE_CLIENTS = gettext_noop("PakTaleem is controller for this purpose, so its lawful basis is set by PakTaleem.")
_CODE_OF_PAKTALEEM = gettext_noop("PakTaleem is controller for the purpose with this code: choose another code.")
_SERVES_OPEN_ACCOUNTS = gettext_noop(
    "PakTaleem's purpose with this code only serves open accounts, so this one must, too."
)
_WEAKENS = gettext_noop("This weakens a safeguard: it takes a ground in words and the approval of a second person.")


class WeakensSafeguard(ValidationError):
    """The change weakens a safeguard: it must be requested with a ground, and approved by a second person."""

    def __init__(self, kind: str) -> None:
        super().__init__(_WEAKENS, code=EFFECT_SHOWN)
        self.kind = kind


def check_controller(row: RegisterRow, before: RegisterRow | None, *, at: datetime) -> None:
    """Raise ValidationError if a client's row sets what is PakTaleem's to set: it is controller for the purpose."""
    if row.client_id == PAKTALEEM:
        return
    if isinstance(row, LawfulBasis) and (not isinstance(before, LawfulBasis) or before.starts_at > at):
        capacities = _Rows(row.client_id, row.purpose.code).capacities()
        if capacity_at(row.purpose.code, capacities, max(at, row.starts_at)) == Capacity.CONTROLLER:
            raise ValidationError({"purpose": [_NOT_THE_CLIENTS]})
    if isinstance(row, Purpose) and before is None:
        _check_shared_code(row, at)


def _check_shared_code(purpose: Purpose, at: datetime) -> None:
    shared = Purpose.objects.filter(client_id=PAKTALEEM, code=purpose.code).first()
    if shared is None:
        return
    if capacity_at(purpose.code, _Rows(purpose.client_id, purpose.code).capacities(), at) == Capacity.CONTROLLER:
        raise ValidationError({"code": [_CODE_OF_PAKTALEEM]})
    if shared.needs_account and not purpose.needs_account:
        raise ValidationError({"needs_account": [_SERVES_OPEN_ACCOUNTS]})


def find_weakening(
    row: RegisterRow, before: RegisterRow | None, *, at: datetime, is_set_up: bool = False
) -> SafeguardKind | None:
    """Return which safeguard the changed row would weaken from ``at`` on, compared with the stored rows.

    ``before`` is the stored row, None for a new one. ``is_set_up`` allows the portal to add PakTaleem's own bases.
    Nothing is weakened in a sandbox. No other transaction compares rows for the same purpose until this one ends.
    """
    if not isinstance(row, _SAFEGUARDED) or is_sandbox(row.client_id):
        return None
    if isinstance(row, (Recipient, RecipientApproval)):
        is_more = _receives_more(row, before) if isinstance(row, Recipient) else shares_more(row, before)
        return SafeguardKind.RECIPIENT if is_more else None
    if isinstance(row, Purpose):
        return _find_weaker_purpose(row, before, at) if isinstance(before, Purpose) else None
    advisory_lock(f"safeguard/{row.client_id}/{row.purpose.code}")
    rows = _Rows(row.client_id, row.purpose.code)
    if isinstance(row, LawfulBasis):
        is_weaker = is_consent_replaced if is_set_up and row.client_id == PAKTALEEM else needs_less_consent
        return SafeguardKind.BASIS if is_weaker(rows.combined(), rows.combined(bases=[row]), at=at) else None
    if rows.becomes_controller(row, at) or is_consent_replaced(rows.combined(), rows.combined(capacities=[row]), at=at):
        return SafeguardKind.CAPACITY
    return None


def _find_weaker_purpose(row: Purpose, before: Purpose, at: datetime) -> SafeguardKind | None:
    if before.needs_account and not row.needs_account:
        return SafeguardKind.ACCOUNT
    if set(before.risks) - set(row.risks):
        return SafeguardKind.RISK
    is_other = any(getattr(row, name) != getattr(before, name) for name in PURPOSE_WORDS)
    return SafeguardKind.WORDS if is_other and _is_relied_on(row, at) else None


def _is_relied_on(row: Purpose, at: datetime) -> bool:
    if row.client_id == PAKTALEEM:  # its context does not see the answers at clients
        return True
    others = [rule for rule in _Rows(row.client_id, row.code).combined() if rule.basis != Basis.CONSENT]
    if any(rule.period.ends_at is None or rule.period.ends_at > at for rule in others):
        return True
    return count_concerned(SafeguardKind.WORDS, client_id=row.client_id, purposes=[row.pk]).given > 0


def shares_more(row: RecipientApproval, before: RegisterRow | None) -> bool:
    """Return True for a new approval, or one that covers more, lasts longer or starts earlier than before."""
    if not isinstance(before, RecipientApproval):
        return True
    shorter_window = _starts_earlier(row.objection_until, before.objection_until)
    covers_more = bool(set(row.purposes) - set(before.purposes) or set(row.categories) - set(before.categories))
    return row.ends_after(before) or shorter_window or covers_more or (row.is_integral and not before.is_integral)


def _receives_more(row: Recipient, before: RegisterRow | None) -> bool:
    if not isinstance(before, Recipient):
        return False
    new_end, old_end = row.agreement_ends_at, before.agreement_ends_at
    ends_later = old_end is not None and (new_end is None or new_end > old_end)
    lasts_longer = ends_later or _starts_earlier(row.agreement_starts_at, before.agreement_starts_at)
    is_named_alike = all(getattr(row, name) == getattr(before, name) for name in ("name", "service", "service_ur"))
    if not lasts_longer and is_named_alike:
        return False
    return RecipientApproval.objects.filter(client_id=row.client_id, recipient=row).exists()


def _starts_earlier(new: datetime | None, old: datetime | None) -> bool:
    return old is not None and (new is None or new < old)


def is_sandbox(client_id: UUID) -> bool:
    """Return True if the client is a sandbox, which has no real people."""
    return Client.objects.filter(pk=client_id, is_sandbox=True).exists()


class _Rows:
    def __init__(self, client_id: UUID, code: str) -> None:
        self.client_id, self.code = client_id, code
        self.owners = [client_id, PAKTALEEM]
        found = Purpose.objects.filter(client_id__in=self.owners, code=code)
        self.codes = {purpose.pk: purpose.code for purpose in found}

    def _of[M: Model](self, model: type[M], changed: Iterable[M]) -> list[M]:
        stored = model._default_manager.filter(client_id__in=self.owners, purpose_id__in=self.codes)
        return list({row.pk: row for row in (*stored, *changed)}.values())

    def capacities(self, changed: Iterable[PurposeCapacity] = ()) -> list[CapacityRule]:
        rows = self._of(PurposeCapacity, changed)
        return to_capacity_rules(rows, codes=self.codes, client_id=self.client_id)

    def combined(
        self, *, bases: Iterable[LawfulBasis] = (), capacities: Iterable[PurposeCapacity] = ()
    ) -> list[BasisRule]:
        owned = to_owned_bases(self._of(LawfulBasis, bases), (), codes=self.codes, client_id=self.client_id)
        return combine_bases(owned, self.capacities(capacities))

    def becomes_controller(self, row: PurposeCapacity, at: datetime) -> bool:
        """Return True if PakTaleem becomes controller, or joint controller, at any time, of a purpose in use."""
        before, after = self.capacities(), self.capacities([row])
        moments = {moment for rule in (*before, *after) for moment in rule.period.moments() if moment > at} | {at}
        return self._is_in_use(row) and any(
            is_wider_capacity(capacity_at(self.code, after, moment), capacity_at(self.code, before, moment))
            for moment in moments
        )

    def _is_in_use(self, row: PurposeCapacity) -> bool:
        """Return True if the purpose may have a lawful basis; PakTaleem's context does not see those of clients."""
        if self.combined():
            return True
        earlier = Purpose.history.filter(id=row.purpose_id, history_date__lt=row.starts_at)
        return row.client_id == PAKTALEEM and earlier.exists()
