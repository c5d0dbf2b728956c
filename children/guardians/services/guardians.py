"""Naming guardians and changing their authority (policy §8); permitting more needs a second person's approval."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from children.guardians.authority import CONFIRMED, Method, grants_more
from children.guardians.models import ConflictOutcome, GuardianChange, Guardianship, Source, Verification
from children.guardians.selectors import find_live_guardianship, load_child_facts, require_no_adult
from children.guardians.services.answers import lock_child, update_service_conflict
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectRole
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import refuse_erased
from paktaleem.directory.people.services.people import add_role, find_full_age
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, as_given
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change, require_approver
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealed, Sealer
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.extensions import ExtensionPoint

_NOTE = "guardians_guardianship.court_order_note"
_NAME_AN_ADULT = "Name a registered adult."
NEEDS_APPROVAL = "A change that permits a use which a guardian refused waits for a second person's approval."
VERIFICATION = "verification"
"""The key of a ``GuardianChange`` that confirms a verification."""
_CHANGEABLE = ("may_consent", "may_receive_data", "court_order", "ends_at")
type RefusalCheck = Callable[[Guardianship, datetime], bool]

refusal_checks: ExtensionPoint[RefusalCheck] = ExtensionPoint(
    "guardians.refusal_checks", "Asked whether a guardian's refusal is in effect in an app above, such as of a purpose."
)


class NotTheirOwnGuardian(PortalError):
    """A person cannot be their own guardian."""

    problem = Problem("not-a-guardian", "A person cannot be their own guardian", _NAME_AN_ADULT)
    console_message = f"{problem.title}."


class StillAChild(PortalError):
    """The person named as guardian is a child, or not of full age."""

    problem = Problem("not-a-guardian", "The person named as guardian is not of full age", _NAME_AN_ADULT)
    console_message = f"{problem.title}."


class AlreadyNamed(PortalError):
    """The person is already a guardian of this child, with different authority."""

    problem = Problem(
        "guardian-named",
        "The person is already a guardian of this child, with different authority",
        "The client's staff can change the authority in the console.",
    )
    console_message = (
        "They are already a guardian of this child, with different authority: change the authority instead."
    )


class AlreadyEnded(PortalError):
    """The guardianship has ended; the person must be named again."""

    problem = Problem(
        "guardian-unknown",
        "The person is not a guardian of this child",
        "Their guardianship has ended: name them again.",
    )
    console_message = "The guardianship has already ended: name the guardian again."


class ChangeWaits(PortalError):
    """Another change of this guardian already waits for a second person."""

    problem = Problem("change-waits", "Another change of this guardian waits for approval by the client's staff")
    console_message = "Another change of this guardian already waits for a second person."


@transaction.atomic
def name_guardian(
    child: Subject,
    *,
    guardian: Subject,
    relationship: str,
    may_consent: bool,
    may_receive_data: bool,
    source: Source = Source.SCHOOL,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Guardianship:
    """Name a person as a guardian, without authority before they are verified (policy §8). Idempotent.

    Raises NotTheirOwnGuardian, OfFullAge, StillAChild, AlreadyNamed, AlreadyErased, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_GUARDIANS, child.client_id)
    if child.pk == guardian.pk:
        raise NotTheirOwnGuardian
    child = lock_child(child)
    require_no_adult(child, at=at)
    stored = Subject.objects.select_related("client").get(pk=guardian.pk, client_id=child.client_id)
    refuse_erased(stored)
    if stored.counts_as_child(at) or is_minor(stored, at):
        raise StillAChild
    named = find_live_guardianship(child, guardian, at=at)
    authority = {"relationship": relationship, "may_consent": may_consent, "may_receive_data": may_receive_data}
    if named is not None:
        if all(getattr(named, name) == value for name, value in authority.items()):
            return named
        raise AlreadyNamed
    about = {"child": child, "guardian": guardian, "source": source, **authority}
    row = Guardianship(client_id=child.client_id, starts_at=at, **about)
    row.full_clean(exclude=["client", "child", "guardian"])
    save_tracked(row, actor=actor, reason=reason, at=at)
    _record_guardian("guardian.named", row, {**authority, "source": str(source)}, actor, at)
    add_role(guardian, SubjectRole.GUARDIAN, actor=actor, reason=reason, at=at)
    return row


def accept_roster_claim(
    claim: GuardianClaim, *, actor: Actor, reason: Reason | str = Reason.CLIENT_INSTRUCTION, at: datetime
) -> Guardianship:
    """Name the person of a roster claim as a guardian, who may consent once verified. Raises as ``name_guardian``."""
    return name_guardian(
        claim.child,
        guardian=claim.guardian,
        relationship=claim.relationship,
        may_consent=True,
        may_receive_data=True,
        source=Source.ROSTER,
        actor=actor,
        reason=reason,
        at=at,
    )


def is_minor(person: Subject, at: datetime, *, sealer: Sealer | None = None) -> bool:
    """Return True if a person is known not to be of full age; ``sealer`` saves the query for the key."""
    full_age_at = find_full_age(person, at=at, sealer=sealer)
    return full_age_at is not None and at < full_age_at


@transaction.atomic
def change_guardian(
    guardianship: Guardianship,
    *,
    changes: dict[str, Any],
    note: str = "",
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Guardianship | GuardianChange:
    """Change ``may_consent``, ``may_receive_data``, ``court_order`` or ``ends_at``; ``note`` is stored sealed.

    A change that permits more waits for a second person, with its ``ground``: a ``GuardianChange``. Raises
    GroundNeeded, AlreadyEnded, ChangeWaits, AlreadyErased, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_GUARDIANS, guardianship.client_id)
    child = lock_child(guardianship.child, during_erasure=set(changes) <= {"ends_at"})
    row = _open_row(guardianship, at)
    wanted = {name: value for name, value in changes.items() if getattr(row, name) != value}
    _check_changes(row, wanted, at)
    if not wanted and not note:
        return row
    sealed = sealer_of(child).seal(note, column=_NOTE) if note else None
    if _permits_more(row, wanted, at):
        return _request_change(row, wanted, sealed, ground, actor, reason, at)
    return _apply(row, wanted, sealed, actor, reason, at)


@act(
    "end",
    "End guardian",
    Capability.MANAGE_GUARDIANS,
    lead=NEEDS_APPROVAL,
    done="Ended, or waiting for a second person.",
    danger=True,
    lock=as_given,
)
def end_guardian(
    guardianship: Guardianship,
    *,
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Guardianship | GuardianChange:
    """End a guardianship at ``at``. Returns and raises as ``change_guardian``."""
    return change_guardian(guardianship, changes={"ends_at": at}, ground=ground, actor=actor, reason=reason, at=at)


@transaction.atomic
def end_at_full_age(guardianship: Guardianship, *, actor: Actor, at: datetime) -> Guardianship:
    """End a guardianship at full age: a guardian's answer, or refusal, decides nothing about an adult.

    Raises AlreadyEnded, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.MANAGE_GUARDIANS, guardianship.client_id)
    lock_child(guardianship.child)
    return _apply(_open_row(guardianship, at), {"ends_at": at}, None, actor, Reason.REVIEW, at)


@transaction.atomic
def settle_guardian_change(
    change: GuardianChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> GuardianChange:
    """Approve a waiting change from ``at``, or decline it; the requester may only decline.

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, AlreadyEnded, AlreadyErased, NotAllowed.
    """
    require_approver(actor, change.client_id)
    lock_child(change.child, during_erasure=not approve)
    change = decide_change(change, approve=approve, actor=actor, at=at)
    save_tracked(change, actor=actor, reason=reason, at=at)
    _record_change("guardian.change_settled", change, actor, at)
    if approve:
        row = _open_row(change.guardianship, at)
        values = dict(change.changes)
        if VERIFICATION in values:
            _confirm_verification(row, values[VERIFICATION], actor, reason, at)
            return change
        if values.get("ends_at") is not None:  # it may have passed meanwhile
            values["ends_at"] = max(at, datetime.fromisoformat(values["ends_at"]))
        _apply(row, values, change.note, actor, reason, at)
    return change


def request_confirmation(
    verification: Verification, *, ground: str, actor: Actor, reason: Reason | str, at: datetime
) -> None:
    """Request a second person's confirmation, which makes a verification stronger. Raises GroundNeeded, ChangeWaits."""
    _request_change(verification.guardianship, {VERIFICATION: str(verification.pk)}, None, ground, actor, reason, at)


def _confirm_verification(row: Guardianship, key: str, actor: Actor, reason: Reason | str, at: datetime) -> None:
    rows = Verification.objects.select_for_update().filter(client_id=row.client_id, guardianship=row, ended_at=None)
    found: Verification | None = rows.filter(pk=key).first()
    if found is None:  # found false meanwhile
        raise AlreadyEnded
    found.strength = CONFIRMED[Method(found.method)].value
    save_tracked(found, actor=actor, reason=reason, at=at)


def _open_row(guardianship: Guardianship, at: datetime) -> Guardianship:
    row: Guardianship = Guardianship.objects.select_for_update().get(
        pk=guardianship.pk, client_id=guardianship.client_id
    )
    if row.ends_at is not None and row.ends_at <= at:
        raise AlreadyEnded
    return row


def _check_changes(row: Guardianship, wanted: dict[str, Any], at: datetime) -> None:
    unknown = sorted(set(wanted) - set(_CHANGEABLE))
    if unknown:
        raise ValidationError({name: ["This cannot be changed."] for name in unknown})
    if wanted.get("ends_at") is not None and wanted["ends_at"] < at:
        raise ValidationError({"ends_at": ["Must be now or later: changes cannot be backdated."]})
    if row.ends_at is not None and "ends_at" in wanted and wanted["ends_at"] is None:
        raise ValidationError({"ends_at": ["Cannot be removed once set, only moved."]})


def _permits_more(row: Guardianship, wanted: dict[str, Any], at: datetime) -> bool:
    if wanted.get("may_receive_data") and not row.may_receive_data:
        return True
    before = load_child_facts(row.child)
    moment = max(at, wanted.get("ends_at") or at)
    changed = {name: value for name, value in wanted.items() if name != "may_receive_data"}
    guardians = tuple(replace(one, **changed) if one.id == row.pk else one for one in before.guardians)
    after = replace(before, guardians=guardians)
    was, becomes = before.find_guardian(row.pk), after.find_guardian(row.pk)
    if was and becomes and was.may_forbid(moment) and not becomes.may_forbid(moment):
        stands_against = was.answer is not None and was.answer.is_no
        if stands_against or any(is_refused(row, moment) for is_refused in refusal_checks):
            return True
    return any(grants_more(before.standing(when), after.standing(when)) for when in (at, moment))


def _request_change(  # noqa: PLR0917 -- the change, then its context
    row: Guardianship,
    wanted: dict[str, object],
    note: Sealed | None,
    ground: str,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> GuardianChange:
    own: dict[str, Any] = {"client_id": row.client_id, "guardianship": row}
    if GuardianChange.objects.filter(**own, state=ChangeState.WAITING).exists():
        raise ChangeWaits
    changes = {name: _to_json(value) for name, value in wanted.items()}
    change = GuardianChange(**own, child_id=row.child_id, changes=changes, note=note)
    request_change(change, ground=ground, actor=actor, at=at)
    save_tracked(change, actor=actor, reason=reason, at=at)
    _record_change("guardian.change_waiting", change, actor, at)
    return change


def _to_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _apply(  # noqa: PLR0917 -- the change, then its context
    row: Guardianship, wanted: dict[str, Any], note: Sealed | None, actor: Actor, reason: Reason | str, at: datetime
) -> Guardianship:
    for name, value in wanted.items():
        setattr(row, name, value)
    if note is not None:
        row.court_order_note = note
    save_tracked(row, actor=actor, reason=reason, at=at)
    ended = row.ends_at is not None and row.ends_at <= at
    facts = {name: _to_json(value) for name, value in wanted.items()}
    _record_guardian("guardian.ended" if ended else "guardian.changed", row, facts, actor, at)
    outcome = ConflictOutcome.AUTHORITY_CHANGED
    update_service_conflict(row.child, outcome=outcome, actor=actor, reason=reason, at=at)
    return row


def _record_guardian(kind: str, row: Guardianship, facts: dict[str, object], actor: Actor, at: datetime) -> None:
    entry = {"guardianship": str(row.pk), "guardian": str(row.guardian_id), **facts}
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=entry, actor=actor, at=at)


def _record_change(kind: str, change: GuardianChange, actor: Actor, at: datetime) -> None:
    facts = {
        "change": str(change.pk),
        "guardianship": str(change.guardianship_id),
        "state": str(change.state),
        "changes": change.changes,
    }
    record_entry(kind, client_id=change.client_id, subject_id=change.child_id, facts=facts, actor=actor, at=at)
