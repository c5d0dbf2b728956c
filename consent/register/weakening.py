"""Detection of changes that weaken a safeguard: consent, the client's own decision, closed accounts, recipients."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_noop

from consent.register.bases import (
    CapacityRule,
    capacity_at,
    combine_bases,
    is_consent_replaced,
    is_wider_capacity,
    needs_less_consent,
)
from consent.register.compiled import Basis, BasisRule, Capacity
from consent.register.effects import count_concerned
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.capacities import PurposeCapacity
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.models.rows import RegisterRow
from consent.register.models.safeguards import SafeguardKind
from consent.register.purpose_texts import PURPOSE_WORDS
from consent.register.rows_to_rules import to_capacity_rules, to_owned_bases
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.locks import advisory_lock

_SAFEGUARDED = (LawfulBasis, PurposeCapacity, Purpose, Recipient, RecipientApproval)
_NOT_THE_CLIENTS = gettext_noop("PakTaleem is controller for this purpose, so its lawful basis is set by PakTaleem.")
_CODE_OF_PAKTALEEM = gettext_noop("PakTaleem is controller for the purpose with this code: choose another code.")
_SERVES_OPEN_ACCOUNTS = gettext_noop(
    "PakTaleem's purpose with this code only serves open accounts, so this one must, too."
)
_WEAKENS = gettext_noop("This weakens a safeguard: it takes a ground in words and the approval of a second person.")


class WeakensSafeguard(ValidationError):
    """The change weakens a safeguard: it must be requested with a ground, and approved by a second person."""

    def __init__(self, kind: SafeguardKind) -> None:
        """Keep what is weakened."""
        super().__init__(_WEAKENS, code=EFFECT_SHOWN)
        self.kind = kind


def check_controller(row: RegisterRow, before: RegisterRow | None, *, at: datetime) -> None:
    """Raise ValidationError if a client's row sets what is PakTaleem's to set: it is controller for the purpose."""
    if row.client_id == PAKTALEEM:
        return
    if isinstance(row, LawfulBasis) and (before is None or _has_not_started(before, at)):
        capacities = _Rows(row.client_id, row.purpose.code).capacities()
        if capacity_at(row.purpose.code, capacities, max(at, row.starts_at)) == Capacity.CONTROLLER:
            raise ValidationError({"purpose": [_NOT_THE_CLIENTS]})
    if isinstance(row, Purpose) and before is None:
        _check_shared_code(row, at)


def _has_not_started(before: RegisterRow, at: datetime) -> bool:
    return isinstance(before, LawfulBasis) and before.starts_at > at


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

    ``before`` is the stored row, None for a new one. ``is_set_up`` allows the portal to add PakTaleem's own lawful
    bases, which no person does. Nothing is weakened in a sandbox, which has no real people. Runs in the context of the
    row's client. Until the transaction ends, no other one compares rows for the same purpose: two
    changes at once could weaken together what neither weakens alone.
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
    is_other = any(getattr(row, name) != getattr(before, name) for name in PURPOSE_WORDS)
    return SafeguardKind.WORDS if is_other and _is_relied_on(row, at) else None


def _is_relied_on(row: Purpose, at: datetime) -> bool:
    """Return True if people consented to a purpose, or it is used without consent.

    PakTaleem's context does not see the answers at clients.
    """
    if row.client_id == PAKTALEEM:
        return True
    others = [rule for rule in _Rows(row.client_id, row.code).combined() if rule.basis != Basis.CONSENT]
    if any(rule.period.ends_at is None or rule.period.ends_at > at for rule in others):
        return True
    effect = count_concerned(SafeguardKind.WORDS, client_id=row.client_id, purposes=[row.pk])
    return effect.given > 0


def shares_more(row: RecipientApproval, before: RegisterRow | None) -> bool:
    """Return True for a new approval, or one that covers more, lasts longer or starts earlier than before."""
    if not isinstance(before, RecipientApproval):
        return True
    shorter_window = _starts_earlier(row.objection_until, before.objection_until)
    covers_more = bool(set(row.purposes) - set(before.purposes) or set(row.categories) - set(before.categories))
    return row.ends_after(before) or shorter_window or covers_more or (row.is_integral and not before.is_integral)


def _receives_more(row: Recipient, before: RegisterRow | None) -> bool:
    """Return True if an approved recipient gets another name or service, or an agreement that lasts longer."""
    if not isinstance(before, Recipient):
        return False
    lasts_longer = _starts_earlier(row.agreement_starts_at, before.agreement_starts_at) or _ends_later(
        row.agreement_ends_at, before.agreement_ends_at
    )
    if not lasts_longer and (row.name, row.service) == (before.name, before.service):
        return False
    return RecipientApproval.objects.filter(client_id=row.client_id, recipient=row).exists()


def _ends_later(new: datetime | None, old: datetime | None) -> bool:
    """Return True if an end is later than before; None: no end."""
    return old is not None and (new is None or new > old)


def _starts_earlier(new: datetime | None, old: datetime | None) -> bool:
    """Return True if a start is earlier than before; None: no start."""
    return old is not None and (new is None or new < old)


def is_sandbox(client_id: UUID) -> bool:
    """Return True if the client is a sandbox, which has no real people."""
    return Client.objects.filter(pk=client_id, is_sandbox=True).exists()


class _Rows:
    """The stored bases and capacities for one code of a purpose at one client, with changed rows in their place."""

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
