"""Having a provider verify a guardian: a check is begun, and its signed answer becomes a verification."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from children.models import CheckState, Guardianship, ProviderCheck
from children.providers import CheckProvider, Found, NoSuchProvider, check_providers
from children.services.guardians import AlreadyEnded
from children.services.locking import locked_child
from children.services.verifying import MayNotConsent, record_verification
from children.strength import Method
from paktaleem.accounts.actors import Actor, require, system_actor
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.by import Reason
from paktaleem.ledger.history import save_tracked
from paktaleem.ledger.services import record_entry

__all__ = ["CheckUnknown", "MethodNotOffered", "ask_check", "start_check", "take_answer"]

_ANSWERED = system_actor("children.provider_answered")


class MethodNotOffered(Exception):
    """The provider does not check by this method."""


class CheckUnknown(LookupError):
    """No check of this client has this number at this provider."""


@transaction.atomic
def start_check(
    guardianship: Guardianship,
    *,
    provider: str,
    method: Method | str,
    answer_to: str,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> tuple[ProviderCheck, str]:
    """Have a provider check a guardian; returns the check, and where the guardian goes, if anywhere.

    The provider is told the method, the language and ``answer_to``, and nobody's name or contact. Raises
    NoSuchProvider, MethodNotOffered, MayNotConsent, AlreadyEnded, AlreadyErased, OSError, NotAllowed.
    """
    require(actor, Capability.VERIFY_GUARDIANS, guardianship.client_id)
    locked_child(guardianship.child)
    row = Guardianship.objects.select_related("guardian").get(pk=guardianship.pk, client_id=guardianship.client_id)
    _check_stands(row, at)
    named = _named(provider)
    if Method(method) not in named.methods:
        raise MethodNotOffered
    started = named.start(method=Method(method), language=row.guardian.language, answer_to=answer_to)
    check = ProviderCheck(
        client_id=row.client_id,
        guardianship=row,
        provider=provider,
        provider_check_id=started.number,
        method=Method(method).value,
        started_at=at,
    )
    check.full_clean(exclude=["client", "guardianship"], validate_constraints=False)
    save_tracked(check, actor=actor, reason=reason, at=at)
    _record("guardian.check_started", check, actor, at)
    return check, started.url


def _named(provider: str) -> CheckProvider:
    found = check_providers().get(provider)
    if found is None:
        raise NoSuchProvider(provider)
    return found


def _check_stands(row: Guardianship, at: datetime) -> None:
    if row.ends_at is not None and row.ends_at <= at:
        raise AlreadyEnded
    if not row.may_consent or row.court_order:
        raise MayNotConsent


@transaction.atomic
def ask_check(check: ProviderCheck, *, actor: Actor, at: datetime) -> ProviderCheck:
    """Ask the provider what came of a check. Raises NoSuchProvider, NotSigned, AlreadyErased, OSError, NotAllowed."""
    require(actor, Capability.VERIFY_GUARDIANS, check.client_id)
    found = _named(check.provider).ask(check.provider_check_id) if check.state == CheckState.STARTED else None
    return check if found is None else _settle(check, found, at)


@transaction.atomic
def take_answer(
    client_id: UUID, provider: str, body: bytes, headers: Mapping[str, str], *, arrived_at: datetime, at: datetime
) -> ProviderCheck:
    """Take what a provider sent by itself, signed within minutes of ``arrived_at``; once more it changes nothing.

    Raises NoSuchProvider, NotSigned, CheckUnknown, AlreadyErased.
    """
    found = _named(provider).read(body, headers, at=arrived_at)
    checks = ProviderCheck.objects.filter(client_id=client_id, provider=provider, provider_check_id=found.number)
    check = checks.select_related("guardianship__child").first()
    if check is None:
        raise CheckUnknown
    return _settle(check, found, at)


def _settle(check: ProviderCheck, found: Found, at: datetime) -> ProviderCheck:
    """Write what was found, once; a guardian who is none any more is not verified by it."""
    locked_child(check.guardianship.child)
    own: dict[str, Any] = {"pk": check.pk, "client_id": check.client_id}
    check = ProviderCheck.objects.select_for_update(of=("self",)).select_related("guardianship").get(**own)
    if check.state != CheckState.STARTED:
        return check
    check.state, check.finished_at = CheckState.PASSED if found.passed else CheckState.FAILED, at
    save_tracked(check, actor=_ANSWERED, reason=Reason.CLIENT_INSTRUCTION, at=at)
    _record("guardian.check_settled", check, _ANSWERED, at)
    row = check.guardianship
    stands = (row.ends_at is None or row.ends_at > at) and row.may_consent and not row.court_order
    if found.passed and stands:
        kept = {"provider": check.provider, "provider_check_id": check.provider_check_id}
        told: dict[str, Any] = {"actor": _ANSWERED, "reason": Reason.CLIENT_INSTRUCTION, "at": at}
        record_verification(row, method=check.method, kept=kept, **told)
    return check


def _record(kind: str, check: ProviderCheck, actor: Actor, at: datetime) -> None:
    facts = {
        "check": str(check.pk),
        "guardianship": str(check.guardianship_id),
        "provider": check.provider,
        "number": check.provider_check_id,
        "method": check.method,
        "state": str(check.state),
    }
    child_id = check.guardianship.child_id
    record_entry(kind, client_id=check.client_id, subject_id=child_id, facts=facts, actor=actor, at=at)
