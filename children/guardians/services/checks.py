"""Checks of guardians by providers: requests, and the results that become verifications.

Providers may be slow or unavailable, so these services never call one: the request is committed, the worker
(``children.guardians.tasks``) calls the provider while no transaction is open, and records the result in a second
transaction.
"""

# A provider is called between two transactions: it may be slow or down, and a crash must not lose a check that it has
# started. The row's id is its reference, so calling again starts no second check.

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from children.guardians.authority import Method
from children.guardians.models import (
    CHECK_URL,
    OPEN_CHECKS,
    CheckState,
    ChildMechanism,
    Guardianship,
    MechanismKind,
    ProviderCheck,
    SchoolAuthorisation,
)
from children.guardians.providers import CheckProvider, CheckResult, ProviderUnknown, StartedCheck, check_providers
from children.guardians.selectors import find_check_url
from children.guardians.services.answers import lock_child
from children.guardians.services.guardians import AlreadyEnded
from children.guardians.services.verifications import MayNotConsent, record_verification
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import (
    Actor,
    NotAllowed,
    ReasonedAuthorship,
    require,
    require_about,
    system_actor,
)
from paktaleem.foundation.accounts.acts import act, as_given, refuse_if
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock

BEGIN, ASK = "children.begin_check", "children.ask_check"
BEGIN_WITHIN = timedelta(days=1)
"""A check that could not be started within this time lapses."""
ANSWERED_WITHIN = timedelta(days=30)
"""A check without a result after this time lapses."""
OWN_CHECKS_A_DAY = 3
_LONGEST_URL = 2_000
_PROVIDER_ACTOR = system_actor("children.provider_answered")


class MethodNotOffered(PortalError):
    """The provider does not offer this method."""

    problem = Problem("method-not-offered", "This provider does not offer this method")
    console_message = f"{problem.title}."


class TooManyChecks(Exception):
    """The guardian has reached the daily limit of checks; each may cost the school money."""


class CheckUnknown(PortalError, LookupError):
    """No check of this client by this provider has this number."""

    problem = Problem("check-unknown", "There is no such check", status=HTTPStatus.NOT_FOUND)


@transaction.atomic
def request_check(
    guardianship: Guardianship,
    *,
    provider: str,
    method: Method | str,
    answer_to: str,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> ProviderCheck:
    """Request a provider's check, or return the open one; the worker starts it after the commit (policy §8).

    Raises ProviderUnknown, MethodNotOffered, TooManyChecks, MayNotConsent, AlreadyEnded, AlreadyErased,
    ValidationError, NotAllowed.
    """
    require_about(
        actor, Capability.MANAGE_GUARDIANS, subject_id=guardianship.child_id, client_id=guardianship.client_id
    )
    if actor.kind == ByKind.SUBJECT and actor.id != guardianship.guardian_id:
        raise NotAllowed("People may request only checks of themselves.")
    lock_child(guardianship.child)
    row = Guardianship.objects.select_related("guardian").get(pk=guardianship.pk, client_id=guardianship.client_id)
    if row.ends_at is not None and row.ends_at <= at:
        raise AlreadyEnded
    if not row.may_consent or row.court_order:
        raise MayNotConsent
    if Method(method) not in _get_provider(provider).methods:
        raise MethodNotOffered
    own: dict[str, object] = {"client_id": row.client_id, "guardianship": row}
    asked = {**own, "provider": provider, "method": Method(method).value}
    under_way: ProviderCheck | None = ProviderCheck.objects.filter(**asked, state__in=OPEN_CHECKS).first()
    if under_way is not None:
        return under_way
    lately = ProviderCheck.objects.filter(**own, started_at__gt=at - timedelta(days=1))
    if actor.kind == ByKind.SUBJECT and lately.count() >= OWN_CHECKS_A_DAY:
        raise TooManyChecks
    check = ProviderCheck(**asked, answer_to=answer_to, started_at=at)
    check.full_clean(exclude=["client", "guardianship"], validate_constraints=False)
    save_tracked(check, actor=actor, reason=reason, at=at)
    _record_check("guardian.check_requested", check, actor, at)
    _enqueue(BEGIN, check)
    return check


def _get_provider(provider: str) -> CheckProvider:
    found = check_providers().get(provider)
    if found is None:
        raise ProviderUnknown(provider)
    return found


def _enqueue(task: str, check: ProviderCheck) -> None:
    enqueue_job(task, lock=f"check/{check.pk}", client=str(check.client_id), check=str(check.pk))


@act(
    "ask",
    "Request the result",
    Capability.MANAGE_GUARDIANS,
    lead="The portal requests the result every five minutes; providers may also send it at once.",
    done="The result has been requested. Reload the page in a minute.",
    lock=as_given,
)
def request_check_result(check: ProviderCheck, *, actor: Actor, at: datetime) -> None:
    """Have the worker start the check, or request its result, now."""
    del actor, at  # read by the act
    _enqueue(BEGIN if check.is_requested else ASK, check)


@transaction.atomic
def show_check_url(check: ProviderCheck, *, actor: Actor, reason: Reason | str, at: datetime) -> str | None:
    """Return the guardian's address for the check, if any, and record the access. Raises NotAllowed."""
    require(actor, Capability.MANAGE_GUARDIANS, check.client_id)
    url = find_check_url(check)
    if url is not None:
        _record_check("guardian.check_shown", check, actor, at, reason=Reason(reason).value)
    return url


@transaction.atomic
def find_check_to_start(check_id: UUID, *, client_id: UUID, at: datetime) -> Callable[[], StartedCheck] | None:
    """Return the call that starts a check, for outside the transaction; None if it is started, or lapses.

    The provider learns no names or contacts. Raises ProviderUnknown; the call raises OSError.
    """
    check = _lock_check(check_id, client_id)
    row = check.guardianship
    if check.state != CheckState.REQUESTED:
        return None
    if at >= check.started_at + BEGIN_WITHIN or not _may_be_verified(row, at):
        _finish(check, CheckState.LAPSED, at)
        return None
    start = partial(_get_provider(check.provider).start, reference=str(check.pk), answer_to=check.answer_to)
    return partial(start, method=Method(check.method), language=row.guardian.language)


@transaction.atomic
def record_check_started(check_id: UUID, started: StartedCheck, *, client_id: UUID, at: datetime) -> ProviderCheck:
    """Record a check's number and the guardian's address (https only). Idempotent. Raises ValidationError."""
    if started.url and not (started.url.startswith("https://") and len(started.url) <= _LONGEST_URL):
        raise ValidationError("The address must begin with https:// and have at most 2,000 characters.")
    check = _lock_check(check_id, client_id)
    if check.state != CheckState.REQUESTED:
        return check
    check.state, check.provider_check_id = CheckState.STARTED, started.number
    if started.url and check.guardianship.guardian.erased_at is None:
        check.url = sealer_of(check.guardianship.guardian).seal(started.url, column=CHECK_URL)
    check.full_clean(exclude=["client", "guardianship"], validate_unique=False)
    save_tracked(check, actor=_PROVIDER_ACTOR, reason=Reason.CLIENT_INSTRUCTION, at=at)
    _record_check("guardian.check_started", check, _PROVIDER_ACTOR, at)
    return check


@transaction.atomic
def find_check_to_query(check_id: UUID, *, client_id: UUID, at: datetime) -> Callable[[], CheckResult | None] | None:
    """Return the call that requests a check's result, for outside the transaction; None if it has one, or lapses.

    Raises ProviderUnknown; the call raises NotSigned, OSError.
    """
    check = _lock_check(check_id, client_id)
    if check.state != CheckState.STARTED:
        return None
    if at >= check.started_at + ANSWERED_WITHIN:
        _finish(check, CheckState.LAPSED, at)
        return None
    return partial(_get_provider(check.provider).ask, check.provider_check_id)


@transaction.atomic
def receive_check_result(
    client_id: UUID, provider: str, body: bytes, headers: Mapping[str, str], *, arrived_at: datetime, at: datetime
) -> ProviderCheck:
    """Record a result that a provider sent, signed within five minutes of ``get_arrival_time``.

    Idempotent. Raises ProviderUnknown, NotSigned, CheckUnknown, AlreadyErased.
    """
    found = _get_provider(provider).read(body, headers, at=arrived_at)
    checks = ProviderCheck.objects.filter(client_id=client_id, provider=provider, provider_check_id=found.number)
    check = checks.first() if found.number else None
    if check is None:
        raise CheckUnknown
    return record_check_result(check.pk, found, client_id=client_id, at=at)


@transaction.atomic
def record_check_result(check_id: UUID, found: CheckResult, *, client_id: UUID, at: datetime) -> ProviderCheck:
    """Record a check's result once; a passed one verifies the guardian (policy §8). Raises AlreadyErased."""
    unlocked = ProviderCheck.objects.select_related("guardianship__child").get(pk=check_id, client_id=client_id)
    lock_child(unlocked.guardianship.child, during_erasure=True)
    check = _lock_check(check_id, client_id)
    if check.state != CheckState.STARTED:
        return check
    _finish(check, CheckState.PASSED if found.passed else CheckState.FAILED, at)
    if found.passed and _may_be_verified(check.guardianship, at):
        kept = {"provider": check.provider, "provider_check_id": check.provider_check_id}
        context: ReasonedAuthorship = {"actor": _PROVIDER_ACTOR, "reason": Reason.CLIENT_INSTRUCTION, "at": at}
        record_verification(check.guardianship, method=check.method, kept=kept, **context)
    return check


def _lock_check(check_id: UUID, client_id: UUID) -> ProviderCheck:
    rows = ProviderCheck.objects.select_for_update(of=("self",))
    found: ProviderCheck = rows.select_related("guardianship__child", "guardianship__guardian").get(
        pk=check_id, client_id=client_id
    )
    return found


def _may_be_verified(row: Guardianship, at: datetime) -> bool:
    is_live = (row.ends_at is None or row.ends_at > at) and row.may_consent and not row.court_order
    return is_live and not any(one.erased_at or one.is_being_erased for one in (row.child, row.guardian))


def _finish(check: ProviderCheck, state: CheckState, at: datetime) -> None:
    check.state, check.finished_at, check.url = state, at, None
    save_tracked(check, actor=_PROVIDER_ACTOR, reason=Reason.CLIENT_INSTRUCTION, at=at)
    _record_check("guardian.check_settled", check, _PROVIDER_ACTOR, at)


def _record_check(kind: str, check: ProviderCheck, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "check": str(check.pk),
        "guardianship": str(check.guardianship_id),
        "guardian": str(check.guardianship.guardian_id),
        "provider": check.provider,
        "number": check.provider_check_id,
        "method": check.method,
        "state": str(check.state),
        **more,
    }
    child_id = check.guardianship.child_id
    record_entry(kind, client_id=check.client_id, subject_id=child_id, facts=facts, actor=actor, at=at)


_OFFICIAL = "guardians_schoolauthorisation.official"
_CONTRACT_FIELD = forms.CharField(label="Number of the contract", max_length=100, help_text="Do not name people.")
_OFFICIAL_FIELD = forms.CharField(
    label="Who authorises it", max_length=200, help_text="The name and office of the school's official. It is sealed."
)


@act(
    "school-authorises",
    "Record the school's authorisation",
    Capability.MANAGE_GUARDIANS,
    lead="The school's own authorisation of the child's use of the service for education. It is weaker than a "
    "guardian's consent, is shown as such, and by itself permits nothing.",
    done="Recorded. By itself it permits nothing.",
    lock=as_given,
)
def authorise_by_school(
    child: Subject,
    *,
    contract_reference: Annotated[str, _CONTRACT_FIELD],
    official: Annotated[str, _OFFICIAL_FIELD],
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> SchoolAuthorisation:
    """Record an official's authorisation; ends an earlier one (policy §8).

    Raises ValidationError, AlreadyErased, NotAllowed.
    """
    child = lock_child(child)
    row = SchoolAuthorisation(
        client_id=child.client_id,
        child=child,
        contract_reference=contract_reference.strip(),
        official=sealer_of(child).seal(official.strip(), column=_OFFICIAL),
        starts_at=at,
    )
    row.full_clean(exclude=["client", "child"], validate_constraints=False)
    for earlier in SchoolAuthorisation.objects.filter(client_id=child.client_id, child=child, ends_at=None):
        _end(earlier, actor, reason, at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    _record_authorisation("guardian.school_authorised", row, actor, at)
    return row


@act(
    "end",
    "End authorisation",
    Capability.MANAGE_GUARDIANS,
    lead="From now on the school no longer authorises for this child. What only its authorisation permitted is denied.",
    done="Ended.",
    check=refuse_if(lambda row: row.ends_at is not None, gettext_lazy("It has already ended.")),
)
def end_school_authorisation(
    row: SchoolAuthorisation, *, actor: Actor, reason: Reason | str = Reason.CLIENT_INSTRUCTION, at: datetime
) -> SchoolAuthorisation:
    """End a school's own authorisation."""
    return _end(row, actor, reason, at)


def _end(row: SchoolAuthorisation, actor: Actor, reason: Reason | str, at: datetime) -> SchoolAuthorisation:
    row.ends_at = max(at, row.starts_at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    _record_authorisation("guardian.school_authorisation_ended", row, actor, at)
    return row


def _record_authorisation(kind: str, row: SchoolAuthorisation, actor: Actor, at: datetime) -> None:
    facts = {"school_authorisation": str(row.pk), "contract": row.contract_reference}
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=facts, actor=actor, at=at)


@transaction.atomic
def declare_mechanism(
    client_id: UUID,
    *,
    kind: MechanismKind | str,
    description: str,
    description_ur: str = "",
    reference: str,
    provider: str = "",
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> ChildMechanism:
    """Record a client's declaration from ``at`` on; its previous one of this kind ends (policy §8).

    With ``provider`` guardians may request its check themselves. Raises ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.DECLARE_MECHANISMS, client_id)
    advisory_lock(f"mechanism/{client_id}/{kind}")
    row = ChildMechanism(
        client_id=client_id,
        kind=MechanismKind(kind),
        description=description.strip(),
        description_ur=description_ur.strip(),
        reference=reference.strip(),
        provider=provider,
        starts_at=at,
    )
    row.full_clean(exclude=["client"], validate_constraints=False)
    if provider and (kind != MechanismKind.CONSENT or provider not in check_providers()):
        raise ValidationError({"provider": _("No provider of guardian checks is configured under this code.")})
    for earlier in ChildMechanism.objects.select_for_update().filter(client_id=client_id, kind=kind, ends_at=None):
        earlier.ends_at = max(at, earlier.starts_at)
        save_tracked(earlier, actor=actor, reason=reason, at=at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    facts = {"mechanism": str(row.pk), "kind": str(row.kind)}
    record_entry("client.mechanism_declared", client_id=client_id, facts=facts, actor=actor, at=at)
    return row
