"""Evidence of sign-ins in PakTaleem's own ledger, and notification of account owners.

Accounts are identified by id. Attempted names and IP addresses are recorded as keyed hashes, so that attempts can be
compared but not read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import notify_owner
from paktaleem.foundation.accounts.staff_ties import TieKind, start_tie_periods
from paktaleem.foundation.audit.actors import OWN_ACCOUNT, By, ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.tenancy.context import autonomous_transaction, in_global

_USES_OF_RESETS = {
    "password_reset": TieKind.LINK,
    "password_changed": TieKind.LINK,
    "totp_added": TieKind.FACTOR,
    "key_added": TieKind.FACTOR,
}
"""Changes by which an owner uses a reset that officers issued: it is no longer open."""
_GUARD = system_actor("signin.lock_out")


def record_sign_in(user: User, *, proofs: Sequence[str], at: datetime) -> Entry:
    """Record a sign-in with its factors: ``password``, ``totp``, ``webauthn``, ``recovery_codes``."""
    return _record_own_account_entry("sign_in.succeeded", user.pk, {"proofs": list(proofs)}, at)


def record_sign_out(user: User, *, is_over: bool, at: datetime) -> Entry:
    """Record the end of a session; ``is_session_expired`` if it timed out, else the user signed out."""
    return _record_own_account_entry("sign_in.ended", user.pk, {"because": "over" if is_over else "signed_out"}, at)


def record_lockout(*, closed: str, name: str, address: str | None, at: datetime) -> Entry:
    """Record a lockout, in an autonomous transaction.

    ``closed`` is its scope: ``name`` (with an IP address), ``address`` (all names), or ``second_factor``. The
    queries are the same whether or not the account exists.
    """
    with autonomous_transaction() as alias:
        user_id = User.objects.using(alias).filter(email__iexact=name).values_list("pk", flat=True).first()
        facts = {
            "closed": closed,
            "user": str(user_id) if user_id else None,
            "name": _keyed_hash("name", name),
            "address": _keyed_hash("address", address) if address else None,
        }
        return record_own_entry("sign_in.locked_out", facts=facts, actor=_GUARD, at=at, using=alias)


def record_change(user: User, change: str, *, at: datetime) -> Entry:
    """Record a change of a user's sign-in methods and notify them; ``change`` is one of ``emails.CHANGES``.

    A change that uses a reset of officers closes it (``staff_ties``).
    """
    with in_global():
        entry = _record_own_account_entry(f"user.{change}", user.pk, {}, at)
        if change in _USES_OF_RESETS:
            start_tie_periods(user.pk, _USES_OF_RESETS[change], at=at)
        notify_owner(user.pk, change, entry_id=entry.id, at=at)
    return entry


def _record_own_account_entry(kind: str, user_id: UUID, facts: Mapping[str, Any], at: datetime) -> Entry:
    actor = By(ByKind.USER, user_id, OWN_ACCOUNT)
    return record_own_entry(kind, facts={"user": str(user_id), **facts}, actor=actor, at=at)


def _keyed_hash(what: str, value: str) -> str:
    return salted_hmac(f"paktaleem.directory.sign_in.evidence/{what}", value, algorithm="sha256").hexdigest()
