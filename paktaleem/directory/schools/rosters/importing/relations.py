"""Import a roster's guardian relations in chunks: claims of the school, never consent or verified authority."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.oneroster.columns import ENROLLMENTS, USERS
from paktaleem.directory.schools.oneroster.relations import DeltaRelation
from paktaleem.directory.schools.oneroster.users import GuardianRelation, Place
from paktaleem.directory.schools.rosters.importing import tables
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile, write_entries
from paktaleem.directory.schools.rosters.importing.run import Action, Run, Tally
from paktaleem.directory.schools.rows import GivenRows
from paktaleem.directory.schools.services.enrolments import count_results, list_rows_with
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.rows import new_id

_LEARNERS = frozenset({"student", "learner"})
_ANY_KIND = "guardian"
"""Relationship used if neither the file nor an earlier claim states one."""


def import_relations(relations: Sequence[GuardianRelation], run: Run) -> None:
    """Write the relations of a chunk that are new or changed, in a fixed number of statements."""
    known = tables.known_relations(run.client.id, [(each.child, each.guardian) for each in relations])
    rows = []
    for relation, found in zip(relations, known, strict=True):
        is_gone = relation.child in run.removed or relation.guardian in run.removed
        if not _names_erased(relation, run) and not is_gone and (row := _row(relation, found, run)):
            rows.append(row)
    if rows:
        _write(rows, run)
    run.note_claimed([*(row["id"] for row in rows), *(found[2] for found in known if found[2] is not None)])


def end_relations(claims: Sequence[Sequence[Any]], run: Run) -> None:
    """End a chunk of claims, as ``tables.claims_to_end`` returns them. Raises PeopleChangedMeanwhile."""
    rows = []
    for claim_id, child_id, guardian_id, relationship, child, guardian in claims:
        run.relations.gone += 1
        run.plan.note(Action.END_RELATION, child, guardian)
        ids = {"id": claim_id, "child_id": child_id, "guardian_id": guardian_id, "history_id": new_id()}
        rows.append({**ids, "relationship": relationship, "is_new": False})
    _stage_claims(rows, run)
    if tables.write_ended_claims(run.params) != len(rows):
        raise PeopleChangedMeanwhile
    write_entries([_entry("guardian.claim_ended", row, run) for row in rows], client_id=run.client.id)


def import_mentions(mentions: Sequence[DeltaRelation], run: Run) -> None:
    """Write the relations a delta mentions between people of earlier files; roles come from the database."""
    names = {name for mention in mentions for name in (mention.user, mention.agent)}
    roles = tables.known_roles(run.client.id, sorted(names))
    kinds = tables.known_relationships(run.client.id, [(m.user, m.agent) for m in mentions])
    being_erased = tables.people_being_erased(run.client.id, sorted(names))  # the delta need not name them itself
    for mention in mentions:
        if mention.agent in being_erased:
            run.erased.setdefault(mention.agent, Place(USERS, mention.row))
    found = {}
    for mention, kind in zip(mentions, kinds, strict=True):
        pair = _child_and_guardian(mention, roles)
        if pair is not None:
            found[pair] = GuardianRelation(*pair, mention.relationship or kind or _ANY_KIND)
        elif mention.user not in run.erased:
            code = "agent_not_guardian" if mention.agent in roles else "agent_unknown"
            run.oddity(Place(USERS, mention.row), "agents", code)
    import_relations(list(found.values()), run)


def _child_and_guardian(mention: DeltaRelation, roles: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    for child, guardian in ((mention.user, mention.agent), (mention.agent, mention.user)):
        if _LEARNERS & {*roles.get(child, ())} and "guardian" in roles.get(guardian, ()):
            return child, guardian
    return None


def _names_erased(relation: GuardianRelation, run: Run) -> bool:
    for external_id in (relation.child, relation.guardian):
        place = run.erased.get(external_id)
        if place is not None:
            run.oddity(place, "agents", "relation_of_erased")
            return True
    return False


def _row(relation: GuardianRelation, found: Sequence[Any], run: Run) -> dict[str, Any] | None:
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
        "is_new": claim_id is None,
        "history_id": new_id(),
    }


def _entry(kind: str, row: dict[str, Any], run: Run, **more: str) -> Entry:
    facts = {"guardian": str(row["guardian_id"]), **more}
    about = {"client_id": run.client.id, "subject_id": row["child_id"]}
    return make_entry(kind, **about, facts=facts, actor=run.actor, at=run.at)


def _stage_claims(rows: Sequence[dict[str, Any]], run: Run) -> None:
    tables.empty_stages()
    stage = tables.claim_stage()
    stage.copy(map(itemgetter(*stage.columns), rows), client_id=run.client.id)


def _write(rows: Sequence[dict[str, Any]], run: Run) -> None:
    _stage_claims(rows, run)
    changed = sum(not row["is_new"] for row in rows)
    if changed < len(rows):
        tables.write_new_claims(run.params)
    if changed:
        tables.write_changed_claims(run.params)
    claimed = [_entry("guardian.claimed", row, run, relationship=row["relationship"]) for row in rows]
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
    run.schooling = {part: Tally(*counts) for part, counts in done.counts.items() if any(counts)}
    run.plan.note(Action.SCHOOLING, done.digest)
    for action, count in count_results().items():
        if action in _ODDITIES:
            _note_oddities(action, count, run)


def _note_oddities(action: str, count: int, run: Run) -> None:
    column, code = _ODDITIES[action]
    rows = list_rows_with(action, most=_SAMPLE)
    for row in rows:
        run.log.oddity(ENROLLMENTS, row, column, code)
    run.log.count_oddities(code, count - len(rows))
