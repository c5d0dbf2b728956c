"""What signing in leaves as evidence, in PakTaleem's own ledger, and whom it has told.

Accounts are named by their ids. Names and addresses that were tried are keyed hashes: attempts of one origin can be
told from those of another, and nothing can be read out of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.services import tell_owner
from paktaleem.foundation.audit.by import OWN_ACCOUNT, By, ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.tenancy.context import aside, in_global

__all__ = ["record_change", "record_lock_out", "record_sign_in", "record_sign_out"]

_GUARD = system_actor("signin.lock_out")


def record_sign_in(user: User, *, proofs: Sequence[str], at: datetime) -> Entry:
    """Record that somebody has signed in, and by what: ``password``, ``totp``, ``webauthn``, ``recovery_codes``."""
    return _record("sign_in.succeeded", user.pk, {"proofs": list(proofs)}, at)


def record_sign_out(user: User, *, is_over: bool, at: datetime) -> Entry:
    """Record that a session has ended: by its owner's wish, or because it was idle for too long or too old."""
    return _record("sign_in.ended", user.pk, {"because": "over" if is_over else "signed_out"}, at)


def record_lock_out(*, closed: str, name: str, address: str | None, at: datetime) -> Entry:
    """Record, aside, that a door closed because it was tried too often.

    ``closed`` is what: a ``name`` from an address, an ``address`` for every name, a ``second_factor``. The same is
    asked of the database whether or not the name is somebody's.
    """
    with aside() as alias:
        user_id = User.objects.using(alias).filter(email__iexact=name).values_list("pk", flat=True).first()
        facts = {
            "closed": closed,
            "user": str(user_id) if user_id else None,
            "name": _hashed("name", name),
            "address": _hashed("address", address) if address else None,
        }
        return record_own_entry("sign_in.locked_out", facts=facts, actor=_GUARD, at=at, using=alias)


def record_change(user: User, change: str, *, at: datetime) -> Entry:
    """Record what somebody changed about how they sign in, and have them told (``letters.CHANGES``)."""
    with in_global():
        entry = _record(f"user.{change}", user.pk, {}, at)
        tell_owner(user.pk, change, entry_id=entry.id, at=at)
    return entry


def _record(kind: str, user_id: UUID, facts: Mapping[str, Any], at: datetime) -> Entry:
    actor = By(ByKind.USER, user_id, OWN_ACCOUNT)
    return record_own_entry(kind, facts={"user": str(user_id), **facts}, actor=actor, at=at)


def _hashed(what: str, value: str) -> str:
    return salted_hmac(f"paktaleem.directory.sign_in.evidence/{what}", value, algorithm="sha256").hexdigest()
