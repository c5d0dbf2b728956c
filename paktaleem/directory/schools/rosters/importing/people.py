"""Import a roster's people and guardian relations in chunks: compare, seal, stage and write those that differ.

Relations are claims of the school, never consent or verified authority.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from paktaleem.directory.people.details import (
    PLAIN,
    SubjectDetails,
    age_columns,
    check_external_id,
    personal_columns,
    role_facts,
    withhold_looser_changes,
)
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import AgeRoute, SubjectEvent, SubjectEventKind
from paktaleem.directory.people.selectors import RevealedPeople, tombstone_of
from paktaleem.directory.people.services.ages import AgeProposal, age_rules_of, full_age_rules_of, propose_changes
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.oneroster.columns import ENROLLMENTS, USERS
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person, Place
from paktaleem.directory.schools.rosters.importing import tables
from paktaleem.directory.schools.rosters.importing.run import Action, Run, merge_roles
from paktaleem.directory.schools.rows import GivenRows
from paktaleem.directory.schools.services.enrolments import list_left_out
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.audit.canonical import commitment, new_salt
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer, blind_index, wrap_new_key
from paktaleem.foundation.tenancy.rows import new_id

_STATED = ("full_name", "email", "phone", "birth_date", "language", "country", "grade")
"""Details of a person that a roster may state, besides the account and the texts."""


class PeopleChangedMeanwhile(Exception):
    """These people were changed by another transaction during the import; nothing was written. Run it again."""


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """A registered person as read from the database, still sealed."""

    id: UUID
    role: str
    other_roles: tuple[str, ...]
    language: str
    is_enabled: bool
    country: str
    grade: str
    details_index: bytes | None
    sealed: Mapping[str, Sealed | None]
    epoch: int | None
    wrapped: bytes | None
    is_named_guardian: bool
    is_being_erased: bool

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role, *self.other_roles)

    def sealer(self, client_id: UUID) -> Sealer:
        if self.epoch is None or self.wrapped is None:
            raise CannotOpen("The person's key is destroyed.")
        return Sealer.unwrapped(client_id, self.id, wrapped=self.wrapped, epoch=self.epoch)

    def opened(self, fields: Iterable[str], client_id: UUID) -> SubjectDetails:
        """Return the details, with only these sealed fields opened; the key is unwrapped only if one is set."""
        texts: dict[str, str | None] = dict.fromkeys(PERSONAL)
        found = {field: value for field in fields if (value := self.sealed[field]) is not None}
        if found:
            sealer = self.sealer(client_id)
            texts |= {field: sealer.open(value, column=f"people_subject.{field}") for field, value in found.items()}
        return SubjectDetails.from_texts(texts, **{name: getattr(self, name) for name in PLAIN})


@dataclass(slots=True)
class _Staged:
    people: list[dict[str, Any]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    events: list[SubjectEvent] = field(default_factory=list)
    proposals: list[AgeProposal] = field(default_factory=list)
    revealed: RevealedPeople = field(default_factory=RevealedPeople)


def import_people(placed: Sequence[tuple[Place, Person]], run: Run) -> None:
    """Check a chunk of people and write those that differ, in a fixed number of statements."""
    people = [(place, person) for place, person in placed if _has_valid_id(place, person, run)]
    if run.everybody:
        tables.NAMED.copy(((person.external_id,) for _, person in people), client_id=run.client.id)
    known = _find_known(run, [person.external_id for _, person in people])
    unknown = [person.external_id for _, person in people if person.external_id not in known]
    marks = {tombstone_of(run.client.id, external_id) or b"": external_id for external_id in unknown}
    erased = {marks[mark] for mark in tables.erased_tombstones(run.client.id, list(marks))} if marks else set()
    being_erased = {external_id for external_id, person in known.items() if person.is_being_erased}
    staged = _Staged()
    for place, person in people:
        if person.external_id in erased or person.external_id in being_erased:
            run.erased[person.external_id] = place
            code = "subject_erased" if person.external_id in erased else "erasure_in_progress"
            run.oddity(place, "external_id", code)
        elif person.gone:
            _stage_gone(place, person, known.get(person.external_id), run, staged)
        else:
            _stage(place, person, known.get(person.external_id), run, staged)
    if not run.refused:
        _write(staged, run)


def close_people(external_ids: list[str], run: Run) -> None:
    """Close the accounts of registered people whom a full roster does not name."""
    staged = _Staged()
    for external_id, known in _find_known(run, external_ids).items():
        if not known.is_being_erased:
            run.left.append(known.id)
            _stage_closed(external_id, known, run, staged)
    _write(staged, run)


def _has_valid_id(place: Place, person: Person, run: Run) -> bool:
    try:
        is_valid = check_external_id(person.external_id) == person.external_id
    except ValidationError:
        is_valid = False
    if not is_valid:
        message = "must be 1 to 255 visible characters without “@” and without spaces around them, and not “batch”"
        run.refuse(place, "external_id", "external_id_unfit", message)
    return is_valid


def _find_known(run: Run, external_ids: list[str]) -> dict[str, RegisteredPerson]:
    found = {}
    for external_id, *columns, epoch, wrapped, is_named, is_erased in tables.known_people(run.client.id, external_ids):
        person_id, role, others, language, is_enabled, country, grade, index, *sealed = columns
        values = (None if value is None else Sealed(bytes(value)) for value in sealed)
        fields = dict(zip(PERSONAL, values, strict=True))
        plain = (role, tuple(others), language, is_enabled, country, grade)
        found[external_id] = RegisteredPerson(person_id, *plain, index, fields, epoch, wrapped, is_named, is_erased)
    return found


def _stage(place: Place, person: Person, known: RegisteredPerson | None, run: Run, staged: _Staged) -> None:
    details = _check_details(place, person, known, run)
    if details is None or run.refused:
        return
    run.named += 1
    if known is not None:
        details = _hold_back(place, known, details, run, staged)
    tally = run.people[details.role]
    if known is None:
        tally.added += 1
        run.plan.note(Action.ADD, person.external_id)
        _stage_new(person.external_id, details, run, staged)
    elif _is_unchanged(known, details, run):
        tally.unchanged += 1
    else:
        tally.changed += 1
        run.plan.note(Action.CHANGE, person.external_id, seen=known.details_index)
        _stage_changed(person.external_id, known, details, run, staged)


def _hold_back(
    place: Place, known: RegisteredPerson, details: SubjectDetails, run: Run, staged: _Staged
) -> SubjectDetails:
    if _is_unchanged(known, details, run):
        return details
    before, reading = known.opened(PERSONAL, run.client.id), age_rules_of(run.client, run.at)
    held = withhold_looser_changes(before, details, reading)
    if held is None:
        staged.revealed.note(known.id, before, details, reading=reading, full_age=full_age_rules_of(run.client, run.at))
        return details
    staged.proposals.append(AgeProposal(known.id, known.sealer(run.client.id), details))
    column = "country" if before.country != details.country else "birth_date"
    run.oddity(place, column, "age_change_waits")
    return held


def _stage_gone(place: Place, person: Person, known: RegisteredPerson | None, run: Run, staged: _Staged) -> None:
    if known is None:
        run.oddity(place, "external_id", "gone_unknown")
        return
    run.named += 1
    run.removed[person.external_id] = known.id
    if known.is_enabled:
        _stage_closed(person.external_id, known, run, staged)
    else:
        run.people[known.role].unchanged += 1


def _stage_closed(external_id: str, known: RegisteredPerson, run: Run, staged: _Staged) -> None:
    run.people[known.role].gone += 1
    run.plan.note(Action.CLOSE, external_id, seen=known.details_index)
    details = replace(known.opened(PERSONAL, run.client.id), is_enabled=False)
    _stage_changed(external_id, known, details, run, staged)


def _stage_event(person_id: UUID, event_kind: SubjectEventKind, run: Run, staged: _Staged) -> None:
    kind, actor_id, role = actor_columns(run.actor)
    by = {"actor_kind": kind, "actor_id": actor_id, "actor_role": role}
    common: dict[str, Any] = {"client_id": run.client.id, "subject_id": person_id}
    event = SubjectEvent(**common, kind=event_kind, happened_at=run.at, recorded_at=run.at, **by)
    staged.events.append(event)
    facts = {"event": str(event.id), "happened_at": run.at.isoformat()}
    entry = make_entry(f"subject.{event_kind.value}", **common, facts=facts, actor=run.actor, at=run.at)
    staged.entries.append(entry)


def _is_unchanged(known: RegisteredPerson, details: SubjectDetails, run: Run) -> bool:
    """Compare by the keyed index, then by the sealed values: an older version may have computed the index."""
    index = blind_index(run.client.id, "details", details.fingerprint())
    return known.details_index == index or known.opened(PERSONAL, run.client.id) == details


def _check_details(place: Place, person: Person, known: RegisteredPerson | None, run: Run) -> SubjectDetails | None:
    if known is None and (person.role is None or person.full_name is None):
        message = "not registered here yet: a delta must hold the complete row of a new person, including the role"
        run.refuse(place, "external_id", "person_unknown", message)
        return None
    try:
        return _merge_details(place, person, known, run).checked(today=run.today, region=run.client.country)
    except ValidationError as invalid:
        for name, messages in invalid.message_dict.items():
            if name == "birth_date" and person.birth_date is not None:
                run.refused = True
                run.birth_dates_refused[person.external_id] = messages[0]
            else:
                run.refuse(place, name, f"{name}_refused", messages[0])
    return None


def _merge_details(place: Place, person: Person, known: RegisteredPerson | None, run: Run) -> SubjectDetails:
    """Return the registered details overridden by the roster's.

    Kept are an attested age, an unreadable email or phone, an omitted birth date, language or country, and in a delta
    everything omitted. An empty email or phone clears the field.
    """
    stated = {name: getattr(person, name) for name in _STATED} | {"is_enabled": person.enabled, **person.texts}
    given = {name: value for name, value in stated.items() if value is not None}
    given |= {name: given[name] or None for name in ("email", "phone", *person.texts) if name in given}
    if known is None:
        return SubjectDetails(**given, **merge_roles(person, (), run.stated_roles))
    given |= merge_roles(person, known.roles, run.stated_roles, is_named_guardian=known.is_named_guardian)
    before = known.opened([name for name in PERSONAL if name not in given], run.client.id)
    if before.birth_date is not None and run.is_whole:
        run.oddity(place, None, "birth_date_kept")
    return before.changed(given)


def _stage_new(external_id: str, details: SubjectDetails, run: Run, staged: _Staged) -> None:
    person_id = new_id()
    sealer, epoch, wrapped = wrap_new_key(run.client.id, person_id)
    row = _row(person_id, external_id, details, sealer, run)
    row |= {"is_new": True, "seen_index": None, "key_id": new_id(), "epoch": epoch, "wrapped": wrapped}
    staged.people.append(row)
    staged.entries.append(_entry(row, details, PERSONAL, sealer=sealer, run=run))
    if not details.is_enabled:
        _stage_event(person_id, SubjectEventKind.ACCOUNT_CLOSED, run, staged)


def _stage_changed(
    external_id: str, known: RegisteredPerson, details: SubjectDetails, run: Run, staged: _Staged
) -> None:
    """Stage a changed person; unchanged fields keep their ciphertext, so that history shows only what changed."""
    if known.is_enabled and not details.is_enabled:
        run.vanishing += 1
    if known.is_enabled != details.is_enabled:
        kind = SubjectEventKind.ACTIVE if details.is_enabled else SubjectEventKind.ACCOUNT_CLOSED
        _stage_event(known.id, kind, run, staged)
    sealer = known.sealer(run.client.id)
    before, after = known.opened(PERSONAL, run.client.id).texts(), details.texts()
    run.contacts_removed += sum(bool(before[field]) and not after[field] for field in ("email", "phone"))
    row = _row(known.id, external_id, details, sealer, run)
    kept = ((field, known.sealed[field]) for field in PERSONAL if before[field] == after[field])
    row |= {field: value and value.ciphertext for field, value in kept}
    row |= {"is_new": False, "seen_index": known.details_index, "key_id": None, "epoch": None, "wrapped": None}
    staged.people.append(row)
    changed = [field for field in PERSONAL if before[field] != after[field]]
    staged.entries.append(_entry(row, details, changed, sealer=sealer, run=run))


def _row(person_id: UUID, external_id: str, details: SubjectDetails, sealer: Sealer, run: Run) -> dict[str, Any]:
    client = run.client
    sealed = personal_columns(details, client_id=client.id, sealer=sealer)
    return {
        "id": person_id,
        "external_id": external_id,
        "role": details.role,
        "other_roles": list(details.other_roles),
        "language": details.language,
        "is_enabled": details.is_enabled,
        "grade": details.grade,
        **age_columns(details, thresholds=client.thresholds, time_zone=client.time_zone, at=run.at),
        "history_id": new_id(),
        **{column: value.ciphertext if isinstance(value, Sealed) else value for column, value in sealed.items()},
    }


def _entry(
    row: Mapping[str, Any], details: SubjectDetails, fields: Iterable[str], *, sealer: Sealer, run: Run
) -> Entry:
    salt, texts = new_salt(), details.texts()
    kind = "subject.registered" if row["is_new"] else "subject.changed"
    return make_entry(
        kind,
        client_id=run.client.id,
        subject_id=row["id"],
        facts={**role_facts(details.roles), "commitments": {field: commitment(texts[field], salt) for field in fields}},
        openings=sealer.seal(salt.hex(), column="audit_entry.openings").ciphertext,
        actor=run.actor,
        at=run.at,
    )


def _write(staged: _Staged, run: Run) -> None:
    if staged.proposals:
        waiting = propose_changes(run.client.id, staged.proposals, route=AgeRoute.ROSTER, actor=run.actor, at=run.at)
        staged.entries += waiting
    if not staged.people and not staged.entries:
        return
    tables.empty_stages()
    if staged.people:
        _write_people(staged, run)
    write_entries(staged.entries, client_id=run.client.id)
    staged.revealed.report(run.client.id, actor=run.actor, at=run.at)


def _write_people(staged: _Staged, run: Run) -> None:
    stage = tables.person_stage()
    stage.copy(map(itemgetter(*stage.columns), staged.people), client_id=run.client.id)
    changed = sum(not row["is_new"] for row in staged.people)
    if changed < len(staged.people):
        tables.write_new_people(run.params)
    if changed and tables.write_changed_people(run.params) != changed:
        raise PeopleChangedMeanwhile
    SubjectEvent.objects.bulk_create(staged.events)


def write_entries(entries: Sequence[Entry], *, client_id: UUID) -> None:
    stage = tables.entry_stage()
    stage.copy(map(attrgetter(*stage.columns), entries), client_id=client_id)
    tables.write_entries()


_LEARNERS = frozenset({"student", "learner"})
_GUARDIAN = "guardian"
"""A role, and the relationship used if neither the file nor an earlier claim states one."""


def import_relations(relations: Sequence[GuardianRelation], run: Run) -> None:
    """Write the relations of a chunk that are new or changed, in a fixed number of statements."""
    known = tables.known_relations(run.client.id, [(each.child, each.guardian) for each in relations])
    rows = []
    for relation, found in zip(relations, known, strict=True):
        is_gone = relation.child in run.removed or relation.guardian in run.removed
        if not _names_erased(relation, run) and not is_gone and (row := _claim_row(relation, found, run)):
            rows.append(row)
    if rows:
        _write_claims(rows, run)
    if run.everybody:
        claims = [*(row["id"] for row in rows), *(found[2] for found in known if found[2] is not None)]
        tables.CLAIMED.copy(((claim_id,) for claim_id in claims), client_id=run.client.id)


def end_relations(claims: Sequence[Sequence[Any]], run: Run) -> None:
    """End a chunk of claims, as ``tables.claims_to_end`` returns them. Raises PeopleChangedMeanwhile."""
    rows = []
    for claim_id, child_id, guardian_id, relationship, child, guardian in claims:
        run.relations.gone += 1
        run.plan.note(Action.END_RELATION, child, guardian)
        ids = {"id": claim_id, "child_id": child_id, "guardian_id": guardian_id, "history_id": new_id()}
        rows.append({**ids, "relationship": relationship, "ends_at": run.at, "is_new": False})
    _stage_claims(rows, run)
    if tables.write_changed_claims(run.params) != len(rows):
        raise PeopleChangedMeanwhile
    write_entries([_claim_entry("guardian.claim_ended", row, run) for row in rows], client_id=run.client.id)


def import_mentions(mentions: Sequence[DeltaRelation], run: Run) -> None:
    """Write the relations a delta mentions between people of earlier files; roles come from the database."""
    names = {name for mention in mentions for name in (mention.user, mention.agent)}
    people = _find_known(run, sorted(names))
    there = tables.known_relations(run.client.id, [(m.user, m.agent) for m in mentions])
    back = tables.known_relations(run.client.id, [(m.agent, m.user) for m in mentions])
    for mention in mentions:  # the delta need not name these people itself
        if mention.agent in people and people[mention.agent].is_being_erased:
            run.erased.setdefault(mention.agent, Place(USERS, mention.row))
    found = {}
    for mention, one, other in zip(mentions, there, back, strict=True):
        pair = _child_and_guardian(mention, people)
        if pair is not None:
            found[pair] = GuardianRelation(*pair, mention.relationship or one[3] or other[3] or _GUARDIAN)
        elif mention.user not in run.erased:
            code = "agent_not_guardian" if mention.agent in people else "agent_unknown"
            run.oddity(Place(USERS, mention.row), "agents", code)
    import_relations(list(found.values()), run)


def _child_and_guardian(mention: DeltaRelation, people: Mapping[str, RegisteredPerson]) -> tuple[str, str] | None:
    user, agent = people.get(mention.user), people.get(mention.agent)
    if user is None or agent is None:
        return None
    if not _LEARNERS.isdisjoint(user.roles) and _GUARDIAN in agent.roles:
        return mention.user, mention.agent
    if not _LEARNERS.isdisjoint(agent.roles) and _GUARDIAN in user.roles:
        return mention.agent, mention.user
    return None


def _names_erased(relation: GuardianRelation, run: Run) -> bool:
    for external_id in (relation.child, relation.guardian):
        place = run.erased.get(external_id)
        if place is not None:
            run.oddity(place, "agents", "relation_of_erased")
            return True
    return False


def _claim_row(relation: GuardianRelation, found: Sequence[object], run: Run) -> dict[str, object] | None:
    child_id, guardian_id, claim_id, relationship, ends_at, is_being_erased = found
    if child_id is None or guardian_id is None:  # both were written or read by this import
        raise PeopleChangedMeanwhile
    if claim_id is not None and relationship == relation.relationship and ends_at is None:
        run.relations.unchanged += 1
        return None
    if is_being_erased:  # the others were skipped
        raise PeopleChangedMeanwhile
    run.relations.added += claim_id is None
    run.relations.changed += claim_id is not None
    run.plan.note(Action.RELATE, relation.child, relation.guardian, relation.relationship)
    return {
        "id": claim_id or new_id(),
        "child_id": child_id,
        "guardian_id": guardian_id,
        "relationship": relation.relationship,
        "ends_at": None,
        "is_new": claim_id is None,
        "history_id": new_id(),
    }


def _claim_entry(kind: str, row: dict[str, Any], run: Run, **more: str) -> Entry:
    facts = {"guardian": str(row["guardian_id"]), **more}
    about = {"client_id": run.client.id, "subject_id": row["child_id"]}
    return make_entry(kind, **about, facts=facts, actor=run.actor, at=run.at)


def _stage_claims(rows: Sequence[dict[str, Any]], run: Run) -> None:
    tables.empty_stages()
    stage = tables.claim_stage()
    stage.copy(map(itemgetter(*stage.columns), rows), client_id=run.client.id)


def _write_claims(rows: Sequence[dict[str, Any]], run: Run) -> None:
    _stage_claims(rows, run)
    changed = sum(not row["is_new"] for row in rows)
    if changed < len(rows):
        tables.write_new_claims(run.params)
    if changed:
        tables.write_changed_claims(run.params)
    claimed = [_claim_entry("guardian.claimed", row, run, relationship=row["relationship"]) for row in rows]
    write_entries(claimed, client_id=run.client.id)


_ODDITIES = {
    "no_class": ("classSourcedId", "enrolment_without_class"),
    "no_person": ("userSourcedId", "enrolment_without_person"),
    "repeated": (None, "enrolment_repeated"),
}
_SAMPLE = 50


def import_schooling(given: GivenRows | None, run: Run) -> None:
    """Record the rows, end the enrolments of people who left, and add numbers, oddities and the plan to the run."""
    removed = [*run.removed.values(), *run.left]
    if given is None and not removed:
        return
    done = record_schools(
        given or GivenRows(), client=run.client, origin=Origin.ROSTER, removed=removed, actor=run.actor, at=run.at
    )
    run.schooling = {part: tally for part, tally in done.counts.items() if tally.total}
    run.plan.note(Action.SCHOOLING, done.digest)
    for action, count, rows in list_left_out(_ODDITIES, most=_SAMPLE):
        column, code = _ODDITIES[action]
        for row in rows:
            run.log.oddity(ENROLLMENTS, row, column, code)
        run.log.count_oddities(code, count - len(rows))
