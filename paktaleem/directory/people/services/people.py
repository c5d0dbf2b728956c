"""Register, update, reveal and search people; every access is recorded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from paktaleem.directory.people.details import (
    ADULT_SENTINEL,
    PLAIN,
    SubjectDetails,
    age_columns,
    came_of_age_by,
    check_external_id,
    personal_columns,
    role_facts,
    withhold_looser_changes,
    without_contradictions,
)
from paktaleem.directory.people.extension_points import list_holds, take_locks
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import AccessRecord, AgeRoute, GuardianClaim, Subject, SubjectKey, SubjectRole
from paktaleem.directory.people.selectors import (
    RevealedPeople,
    has_hidden_record,
    sealer_of,
    sealers_of,
    search_subjects,
    was_erased,
)
from paktaleem.directory.people.services.ages import AgeProposal, age_rules_of, full_age_rules_of, propose_changes
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress, refuse_erased
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.canonical import commitment, new_salt
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import KeyDestroyed, Sealer, wrap_new_key
from paktaleem.foundation.first_rows import FirstRows, take_first
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import insert_rows, new_id

_LOOKS_AT_ONCE = 500
_ID_TAKEN = gettext_noop("This institution has a person with this LMS id already, in another school.")


@transaction.atomic
def register_subject(
    external_id: str,
    *,
    client: Client,
    details: Mapping[str, Any],
    route: AgeRoute | None = AgeRoute.API,
    adds_role: bool = False,
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.LMS_UPDATE,
    at: datetime,
) -> tuple[Subject, bool]:
    """Register a person, or update the fields in ``details``; return the person and whether they are new.

    A change that would let a child decide for themselves waits for a second person (``AgeChange``), except without a
    ``route``, as in sandboxes. A known person keeps the other roles unless ``other_roles`` is given; a guardian whom a
    child's school names stays one beside a new main role. With ``adds_role`` the main role is kept too. Raises
    ValidationError naming the field, GroundNeeded if staff propose such a change without a ``ground``, AlreadyErased,
    ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    external_id = check_external_id(external_id)
    advisory_lock(f"subject/{client.id}/{external_id}")
    act = _Act(client, actor, reason, at, ground)
    known = Subject.objects.select_for_update().filter(client=client, external_id=external_id).first()
    if known is not None and known.is_being_erased:
        raise ErasureInProgress
    if known is not None:
        return _update(known, _keep_roles(known, details, adds_role=adds_role), act, route), False
    if was_erased(external_id, client_id=client.id):
        raise AlreadyErased
    try:
        return _register_new(external_id, details, act), True
    except IntegrityError as error:
        if "subject_external_id_unique" not in str(error):
            raise
        # staff limited to schools do not see a person of another school
        raise ValidationError({"external_id": [_ID_TAKEN]}) from error


class _Act(NamedTuple):
    client: Client
    actor: Actor
    reason: Reason | str
    at: datetime
    ground: str = ""

    @property
    def today(self) -> date:
        return self.client.day_at(self.at)


@transaction.atomic
def add_role(
    subject: Subject, role: SubjectRole, *, actor: Actor, reason: Reason | str = Reason.LMS_UPDATE, at: datetime
) -> Subject:
    """Give a person one more role, if they are not or were not erased. The caller has checked the capability."""
    known = Subject.objects.select_for_update().select_related("client").get(pk=subject.pk)
    if role in known.roles or not known.is_recorded:
        return known
    details = {"other_roles": (*known.other_roles, role.value)}
    act = _Act(known.client, actor, reason, at, ground=f"They become {role.label.lower()}.")
    return _update(known, details, act, AgeRoute.CONSOLE)


def _keep_roles(known: Subject, details: Mapping[str, object], *, adds_role: bool) -> Mapping[str, object]:
    if adds_role:
        return {**details, "role": known.role, "other_roles": (*known.other_roles, details["role"])}
    changes_role = "other_roles" not in details and details.get("role", known.role) != known.role
    named = GuardianClaim.objects.filter(client_id=known.client_id, guardian=known, ends_at=None)
    if changes_role and known.role == SubjectRole.GUARDIAN and named.exists():
        return {**details, "other_roles": (*known.other_roles, known.role)}
    return details


def _register_new(external_id: str, details: Mapping[str, Any], act: _Act) -> Subject:
    given = SubjectDetails(**{"role": "", **details}).checked(today=act.today, region=act.client.country)
    subject = Subject(id=new_id(), client=act.client, external_id=external_id, registered_at=act.at)
    sealer, epoch, wrapped = wrap_new_key(act.client.id, subject.id)
    _write_details(subject, given, sealer, act)
    SubjectKey(client=act.client, subject=subject, epoch=epoch, wrapped=wrapped).save(force_insert=True)
    _record_details("subject.registered", subject, given.texts(), sealer, act)
    return subject


def _update(subject: Subject, details: Mapping[str, object], act: _Act, route: AgeRoute | None) -> Subject:
    """Write the changed fields; with a ``route``, changes that loosen the age gate are held back and proposed."""
    sealer = sealer_of(subject)
    before = open_details(subject, sealer)
    changes = dict(details)
    for age, on in (("attested_age", "attested_on"), ("declared_age", "declared_on")):
        if age in changes and changes[age] != getattr(before, age):
            changes.setdefault(on, None)
    after = before.changed(changes).checked(today=act.today, region=act.client.country)
    reading = age_rules_of(act.client, act.at)
    after = after if route is not None else without_contradictions(after, reading)
    reduced = withhold_looser_changes(before, after, reading) if route is not None else None
    if reduced is not None and route is not None:
        all_of, ground = [AgeProposal(subject.pk, sealer, after)], act.ground
        for entry in propose_changes(act.client.pk, all_of, route=route, ground=ground, actor=act.actor, at=act.at):
            insert_rows(entry)
        after = reduced
    if before == after:
        return subject
    _write_details(subject, after, sealer, act)
    old, new = before.texts(), after.texts()
    changed = {field: new[field] for field in PERSONAL if old[field] != new[field]}
    _record_details("subject.changed", subject, changed, sealer, act)
    revealed = RevealedPeople()
    revealed.note(subject.pk, before, after, reading=reading, full_age=full_age_rules_of(act.client, act.at))
    revealed.report(subject.client_id, actor=act.actor, at=act.at)
    return subject


def apply_confirmed_change(
    subject: Subject, details: Mapping[str, object], *, actor: Actor, reason: Reason | str, at: datetime
) -> Subject:
    """Write a change that two people have confirmed; the person's row must be locked (decision 0029)."""
    return _update(subject, details, _Act(subject.client, actor, reason, at), None)


def open_details(subject: Subject, sealer: Sealer) -> SubjectDetails:
    """Return a person's unsealed details for processing; they must not be shown to anyone."""
    texts = {field: _open_field(subject, field, sealer) for field in PERSONAL}
    plain = {name: getattr(subject, name) for name in PLAIN}
    return SubjectDetails.from_texts(texts, **{**plain, "other_roles": tuple(subject.other_roles)})


def was_child(
    subject: Subject,
    at: datetime,
    *,
    thresholds: Thresholds,
    time_zone: str,
    serves_minors: bool,
    sealer: Sealer | None = None,
) -> bool:
    """Return True if a guardian decided for a person at a past time, by what is known now about their age.

    For adults only the fact is stored, so their age is unsealed. ``sealer`` saves the query for the person's key.
    """
    if subject.is_child(at, thresholds=thresholds, serves_minors=serves_minors):
        return True
    if subject.of_age_at != ADULT_SENTINEL or not subject.age_sources:
        return False
    details = open_details(subject, sealer or sealer_of(subject))
    of_age_at = came_of_age_by(details, threshold=thresholds.of(subject.country), time_zone=time_zone)
    return of_age_at is not None and at < of_age_at


def find_full_age(subject: Subject, *, at: datetime, sealer: Sealer | None = None) -> datetime | None:
    """Return when a person is of full age, ADULT_SENTINEL if they are, None if unknown; their age is unsealed."""
    details = open_details(subject, sealer or sealer_of(subject))
    return full_age_rules_of(subject.client, at).adult_from(details)


def _open_field(subject: Subject, field: str, sealer: Sealer) -> str | None:
    sealed = getattr(subject, field)
    return None if sealed is None else sealer.open(sealed, column=f"people_subject.{field}")


def _write_details(subject: Subject, details: SubjectDetails, sealer: Sealer, act: _Act) -> None:
    if details.is_enabled != subject.is_enabled:
        subject.account_closed_at = None if details.is_enabled else act.at
    subject.role, subject.other_roles = details.role, list(details.other_roles)
    subject.language, subject.is_enabled, subject.grade = details.language, details.is_enabled, details.grade
    for column, value in personal_columns(details, client_id=act.client.id, sealer=sealer).items():
        setattr(subject, column, value)
    ages = age_columns(details, thresholds=act.client.thresholds, time_zone=act.client.time_zone, at=act.at)
    for column, value in ages.items():
        setattr(subject, column, value)
    subject.changed_at = act.at
    save_tracked(subject, actor=act.actor, reason=act.reason, at=act.at)


def _record_details(kind: str, subject: Subject, texts: Mapping[str, str | None], sealer: Sealer, act: _Act) -> None:
    salt = new_salt()
    record_entry(
        kind,
        client_id=subject.client_id,
        subject_id=subject.id,
        facts={**role_facts(subject.roles), "commitments": {name: commitment(texts[name], salt) for name in texts}},
        openings=sealer.seal(salt.hex(), column="audit_entry.openings").ciphertext,
        actor=act.actor,
        at=act.at,
    )


def record_access(
    subject: Subject, what: Iterable[str], *, actor: Actor, reason: Reason | str, at: datetime
) -> AccessRecord:
    """Record who is about to access which of a person's data, and why (need to know, policy §5)."""
    record = _new_access_record(subject, what, actor=actor, reason=reason, at=at)
    record.save(force_insert=True)
    return record


def _new_access_record(
    subject: Subject, what: Iterable[str], *, actor: Actor, reason: Reason | str, at: datetime
) -> AccessRecord:
    return AccessRecord(
        client_id=subject.client_id,
        subject=subject,
        **actor_fields(actor),
        reason=Reason(reason).value,
        fields=", ".join(what),
        looked_at=at,
    )


@transaction.atomic
def reveal_fields(
    subject: Subject, *, fields: Iterable[str] = PERSONAL, actor: Actor, reason: Reason | str, at: datetime
) -> dict[str, str | None]:
    """Return unsealed fields; the access is recorded first (policy §5). Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.REVEAL_PERSONAL_DATA, subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    wanted = [field for field in PERSONAL if field in set(fields)]
    record_access(subject, wanted, actor=actor, reason=reason, at=at)
    try:
        sealer = sealer_of(subject)
    except KeyDestroyed as error:  # erased since the caller read the row
        raise AlreadyErased from error
    return {field: _open_field(subject, field, sealer) for field in wanted}


@transaction.atomic
def reveal_many(
    people: Sequence[Subject],
    *,
    fields: Iterable[str],
    client_id: UUID,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> dict[UUID, dict[str, str | None]]:
    """Return unsealed fields of many people of one client, without erased ones; each access is recorded (policy §5).

    Raises NotAllowed, CannotOpen.
    """
    require(actor, Capability.REVEAL_PERSONAL_DATA, client_id)
    wanted = [field for field in PERSONAL if field in set(fields)]
    sealers = sealers_of(client_id, [one.id for one in people])
    shown = [one for one in people if one.client_id == client_id and one.erased_at is None and one.id in sealers]
    looks = [_new_access_record(one, wanted, actor=actor, reason=reason, at=at) for one in shown]
    AccessRecord.objects.bulk_create(looks, batch_size=_LOOKS_AT_ONCE)
    return {one.id: {field: _open_field(one, field, sealers[one.id]) for field in wanted} for one in shown}


def reveal_names(
    people: Sequence[Subject], *, client_id: UUID, actor: Actor, reason: Reason | str, at: datetime
) -> dict[UUID, str]:
    """Return names as ``reveal_many``; empty if none is registered. Raises NotAllowed, CannotOpen."""
    revealed = reveal_many(people, fields=["full_name"], client_id=client_id, actor=actor, reason=reason, at=at)
    return {key: texts["full_name"] or "" for key, texts in revealed.items()}


@transaction.atomic
def claim_guardian(
    child: Subject,
    *,
    guardian: Subject,
    relationship: str,
    actor: Actor,
    reason: Reason | str = Reason.LMS_UPDATE,
    at: datetime,
) -> GuardianClaim:
    """Record that the school names this person as a guardian of the child: a claim, not consent (policy §8).

    An ended claim starts anew. Raises AlreadyErased, ErasureInProgress, ValidationError, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, child.client_id)
    both = Subject.objects.select_for_update().filter(client_id=child.client_id, pk__in=[child.pk, guardian.pk])
    refuse_erased(*both.order_by("pk"))
    claim = GuardianClaim.objects.filter(child=child, guardian=guardian).first()
    if claim is not None and claim.relationship == relationship and claim.ends_at is None:
        return claim
    if claim is None:
        claim = GuardianClaim(client_id=child.client_id, child=child, guardian=guardian, starts_at=at)
    elif claim.ends_at is not None:
        claim.starts_at = at
    claim.relationship, claim.ends_at = relationship, None
    claim.full_clean()
    save_tracked(claim, actor=actor, reason=reason, at=at)
    facts = {"guardian": str(guardian.id), "relationship": relationship}
    record_entry("guardian.claimed", client_id=child.client_id, subject_id=child.id, facts=facts, actor=actor, at=at)
    return claim


@transaction.atomic
def end_other_claims(
    child: Subject, *, named: Iterable[Subject], actor: Actor, reason: Reason | str = Reason.LMS_UPDATE, at: datetime
) -> int:
    """End the claims of all guardians of a child but those whom the school still names; return how many.

    Claims made only by an invitation stay: the list cannot name people whose LMS id the portal made. Raises NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, child.client_id)
    history = GuardianClaim.history.model._default_manager.filter(client_id=OuterRef("client_id"), id=OuterRef("pk"))
    listed = Exists(history.exclude(history_change_reason=Reason.CLIENT_INSTRUCTION.value))
    claims = GuardianClaim.objects.select_for_update().filter(listed, client_id=child.client_id, child=child)
    ended = list(claims.filter(ends_at=None).exclude(guardian__in=[one.pk for one in named]).order_by("id"))
    for claim in ended:
        claim.ends_at = at
        save_tracked(claim, actor=actor, reason=reason, at=at)
        kind, facts = "guardian.claim_ended", {"guardian": str(claim.guardian_id)}
        record_entry(kind, client_id=child.client_id, subject_id=child.id, facts=facts, actor=actor, at=at)
    return len(ended)


def lock_subject(subject_id: UUID, *, client_id: UUID, during_erasure: bool = False) -> Subject:
    """Return a person's row locked until the transaction ends, with their client.

    ``during_erasure`` is for acts that only end or refuse something. Raises ErasureInProgress otherwise, AlreadyErased.
    """
    rows = Subject.objects.select_for_update(of=("self",)).select_related("client")
    kept = rows.get(pk=subject_id, client_id=client_id)
    if kept.erased_at is not None or not during_erasure:
        refuse_erased(kept)
    return kept


def lock_unheld_subject(subject: Subject, *, at: datetime) -> Subject | None:
    """Lock a person as an erasure and a hold do; return None if they are on hold, or are or were being erased."""
    take_locks(subject)
    try:
        locked = lock_subject(subject.pk, client_id=subject.client_id)
    except (AlreadyErased, ErasureInProgress):
        return None
    return None if list_holds(locked, at) else locked


class RecordElsewhere(NotAllowed):
    """A member of staff limited to schools does not see every record of the person, whom the act covers as a whole."""

    console_message = (
        "This person has another record, at a school outside your role. What covers all their records is done by a "
        "colleague whose role is not limited to schools."
    )


def require_all_records(subject: Subject) -> None:
    """Require that every record of a person is shown in the current context. Raises RecordElsewhere."""
    if has_hidden_record(subject):
        raise RecordElsewhere


@transaction.atomic
def replace_key(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> Subject:
    """Destroy a person's key and seal their current values under a new one; all else under it becomes unreadable.

    For people whose details were emptied and on whom no record depends. Raises AlreadyErased, NotAllowed.
    """
    require(actor, Capability.ERASE_SUBJECTS, subject.client_id)
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    old = sealer_of(subject)
    new, epoch, wrapped = wrap_new_key(subject.client_id, subject.pk)
    for field in PERSONAL:
        column, sealed = f"people_subject.{field}", getattr(subject, field)
        if sealed is not None:
            setattr(subject, field, new.seal(old.open(sealed, column=column), column=column))
    keys = SubjectKey.objects.filter(client_id=subject.client_id, subject_id=subject.pk)
    keys.update(epoch=epoch, wrapped=wrapped)
    save_tracked(subject, actor=actor, reason=reason, at=at)
    record_entry(
        "subject.key_replaced", client_id=subject.client_id, subject_id=subject.pk, facts={}, actor=actor, at=at
    )
    return subject


FOUND_AT_MOST = 20
SEARCHED = "search"
"""Name in place of fields in the access record of a person found by a search."""


@transaction.atomic
def find_people(text: str, *, client_id: UUID, actor: Actor, reason: Reason | str, at: datetime) -> FirstRows[Subject]:
    """Find up to 20 people of one client whose LMS id, full name, email or phone is exactly ``text`` (policy §5).

    The search is recorded with its reason, also if it finds no one; the text is not stored. Raises NotAllowed.
    """
    require(actor, Capability.VIEW_SUBJECTS, client_id)
    people = search_subjects(Subject.objects.filter(client_id=client_id), text)
    found = take_first(people.order_by("id"), FOUND_AT_MOST)
    facts = {"by": "name_or_contact", "reason": Reason(reason).value, "found": len(found)}
    record_entry("people.searched", client_id=client_id, facts=facts, actor=actor, at=at)
    for person in found:
        record_access(person, [SEARCHED], actor=actor, reason=reason, at=at)
    return found


def record_id_search(*, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record a search of the list of people by LMS id, which needs no reason. Raises NotAllowed."""
    require(actor, Capability.VIEW_SUBJECTS)
    record_entry("people.searched", client_id=client_id, facts={"by": "lms_id"}, actor=actor, at=at)
