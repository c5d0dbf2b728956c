"""Record what a roster or platform states about schools, terms, classes and enrolments; and move pupils.

Each part is copied to a temporary table, compared by one statement, and written by four at most, however many rows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.details import check_external_id
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import refuse_erased
from paktaleem.directory.schools.models import Enrolment, EnrolmentRole, Origin, School, SchoolClass, Term
from paktaleem.directory.schools.rows import (
    CLASSES,
    ENROLMENTS,
    SCHOOLS,
    TERMS,
    EnrolmentRow,
    GivenRows,
    PlaceRow,
    Tally,
)
from paktaleem.directory.schools.selectors import list_moving_enrolments
from paktaleem.directory.schools.services.enrolments import Run, list_results, record_enrolments
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import act, as_given
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock, allow_long_statements, is_limited, try_advisory_lock
from paktaleem.foundation.tenancy.database.statistics import refresh_statistics
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.stages import Stage

type Place = School | Term | SchoolClass

TABLES_OF_PEOPLE = ("people_subject", "people_subjectkey", "people_guardianclaim")
_TABLES_OF_SCHOOLS = ("schools_school", "schools_term", "schools_schoolclass", "schools_classterm", "schools_enrolment")

_STATED: Mapping[str, str] = {
    "row": "integer",
    "id": "uuid",
    "external_id": "text",
    "label": "text",
    "kind": "text",
    "ref": "text",
    "starts_on": "date",
    "ends_on": "date",
    "terms": "text[]",
    "grade": "text",
    "gone": "boolean",
}
FOUND: Mapping[str, Stage] = {
    part: Stage(f"found_{part}", {**_STATED, "ref_id": "uuid", "action": "text"}) for part in (SCHOOLS, TERMS, CLASSES)
}
"""For each part the temporary table of what is done with each row; ``action`` is add, change, same, end or none."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its table, columns of its name and reference, the table referred to, own columns, its name in the API."""

    model: type[Place]
    label: str
    ref: str
    target: type[Place]
    own: tuple[str, ...] = ()
    part_of: str = "part_of"


_PARTS: Mapping[str, Part] = {
    SCHOOLS: Part(School, "name", "parent", School),
    TERMS: Part(Term, "title", "parent", Term, ("starts_on", "ends_on")),
    CLASSES: Part(SchoolClass, "title", "school", School, ("grade",), part_of="school"),
}
# A row refers to a kept row, or to a new one of the same part. The client is in a subquery, so that the planner
# does not estimate rows by this client: its statistics may not have a new client yet (see rosters.importing.tables).
_COMPARE = """
INSERT INTO {found} (row, id, external_id, label, kind, ref, starts_on, ends_on, terms, grade, gone, ref_id, action)
SELECT g.row, coalesce(e.id, g.id), g.external_id, g.label, g.kind, g.ref, g.starts_on, g.ends_on, g.terms, g.grade,
    g.gone, coalesce(r.id, q.id),
    CASE WHEN g.gone AND e.id IS NOT NULL AND e.ended_at IS NULL THEN 'end'
         WHEN g.gone THEN 'none'
         WHEN e.id IS NULL THEN 'add'
         WHEN ROW(e.{label}, e.kind, e.{ref}, e.ended_at, {own})
             IS DISTINCT FROM ROW(g.label, g.kind, coalesce(r.id, q.id), NULL::timestamptz, {given})
             OR {terms_differ} THEN 'change'
         ELSE 'same' END
FROM (SELECT DISTINCT ON (external_id) * FROM {stated} ORDER BY external_id, row) g
LEFT JOIN LATERAL (SELECT * FROM {table} e
    WHERE e.client_id = (SELECT %(client)s::uuid) AND e.external_id = g.external_id LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT id FROM {target} r
    WHERE r.client_id = (SELECT %(client)s::uuid) AND r.external_id = g.ref LIMIT 1) r ON true
LEFT JOIN (SELECT DISTINCT ON (external_id) external_id, id, gone FROM {stated} ORDER BY external_id, row) q
    ON {is_own} AND q.external_id = g.ref AND NOT q.gone"""
_TERMS_DIFFER = """(
    SELECT array_agg(t.id ORDER BY t.id) FROM schools_term t
    WHERE t.client_id = (SELECT %(client)s::uuid) AND t.external_id = ANY(g.terms)
) IS DISTINCT FROM (
    SELECT array_agg(l.term_id ORDER BY l.term_id) FROM schools_classterm l
    WHERE l.client_id = (SELECT %(client)s::uuid) AND l.school_class_id = e.id)"""
_ABSENT = """
INSERT INTO {found} (id, external_id, action)
SELECT t.id, t.external_id, 'end' FROM {table} t
WHERE t.client_id = (SELECT %(client)s::uuid) AND t.ended_at IS NULL AND t.origin = 'roster'
    AND NOT EXISTS (SELECT FROM {found} f WHERE f.id = t.id)"""
_ADD = """
INSERT INTO {table} (id, client_id, external_id, origin, recorded_at, changed_at, {label}, kind, {ref} {own_columns})
SELECT id, %(client)s, external_id, %(origin)s, %(at)s, %(at)s, label, kind, ref_id {own_columns}
FROM {found} WHERE action = 'add'"""
_CHANGE = """
UPDATE {table} t SET {label} = f.label, kind = f.kind, {ref} = f.ref_id, changed_at = %(at)s, ended_at = NULL {set_own}
FROM {found} f WHERE f.action = 'change' AND t.id = f.id AND t.client_id = %(client)s"""
_END = """
UPDATE {table} t SET ended_at = %(at)s, changed_at = %(at)s
FROM {found} f WHERE f.action = 'end' AND t.id = f.id AND t.client_id = %(client)s"""
_UNLINK = """
DELETE FROM schools_classterm l USING found_classes f
WHERE f.action = 'change' AND l.client_id = %(client)s AND l.school_class_id = f.id AND NOT EXISTS (
    SELECT FROM schools_term t WHERE t.client_id = l.client_id AND t.id = l.term_id AND t.external_id = ANY(f.terms))"""
_LINKS = """
SELECT f.id, t.id FROM found_classes f CROSS JOIN LATERAL unnest(f.terms) AS named (external_id)
JOIN LATERAL (SELECT id FROM schools_term t
    WHERE t.client_id = (SELECT %(client)s::uuid) AND t.external_id = named.external_id LIMIT 1) t ON true
WHERE f.action IN ('add', 'change')"""
_LINK = """
INSERT INTO schools_classterm (id, client_id, school_class_id, term_id)
SELECT * FROM unnest(%(ids)s::uuid[], %(clients)s::uuid[], %(classes)s::uuid[], %(terms)s::uuid[])
ON CONFLICT (client_id, school_class_id, term_id) DO NOTHING"""
_SUMMARY = """
SELECT action, count(*), sum(hashtextextended(concat_ws('|', action, row, external_id), 0)::numeric)::text
FROM {found} GROUP BY action ORDER BY action"""


def record_places(part: str, rows: Iterable[PlaceRow] | None, run: Run) -> Tally:
    """Write a part of what a source states; return the numbers. Without rows, only make its temporary table."""
    FOUND[part].make()
    if rows is None:
        return Tally()
    stated, names = Stage(f"stated_{part}", _STATED), _names(part)
    stated.make()
    stated.copy(((row.row, new_id(), *row[1:]) for row in rows), client_id=run.client.id)
    stated.analyse()
    run.execute(_COMPARE.format(**names))
    FOUND[part].analyse()
    if part in run.complete:
        run.execute(_ABSENT.format(**names))
    run.execute(*(statement.format(**names) for statement in (_END, _CHANGE, _ADD)))
    if part == CLASSES:
        run.execute(_UNLINK)
        with connection.cursor() as cursor:
            cursor.execute(_LINKS, run.params)
            links = cursor.fetchall()
            values = {
                "ids": [new_id() for _ in links],
                "clients": [run.client.id] * len(links),
                "classes": [school_class for school_class, _ in links],
                "terms": [term for _, term in links],
            }
            cursor.execute(_LINK, values)
    return run.summarise(part, _SUMMARY.format(**names), end="end")


def _names(part: str) -> dict[str, str]:
    of = _PARTS[part]
    return {
        "found": FOUND[part].name,
        "stated": f"stated_{part}",
        "table": of.model._meta.db_table,
        "target": of.target._meta.db_table,
        "label": of.label,
        "ref": f"{of.ref}_id",
        "is_own": str(of.target is of.model),
        "own": ", ".join(f"e.{name}" for name in of.own) or "NULL",
        "given": ", ".join(f"g.{name}" for name in of.own) or "NULL",
        "own_columns": "".join(f", {name}" for name in of.own),
        "set_own": "".join(f", {name} = f.{name}" for name in of.own),
        "terms_differ": _TERMS_DIFFER if part == CLASSES else "false",
    }


class SchoolsBusy(PortalError):
    """Another recording for this client, such as the import of a roster, is running."""

    problem = Problem(
        "schools-busy",
        "Schools and enrolments of this client are being recorded",
        "An import or another batch is running. Send the request again later.",
    )
    console_message = "Schools and classes are being recorded by another import. Try again later."


@dataclass(frozen=True, slots=True)
class Recorded:
    """Numbers of a recording by part (such as ``CLASSES``), and a digest of what was written."""

    counts: Mapping[str, Tally]
    digest: str


def lock_schools(client_id: UUID, *, waits: bool = False) -> None:
    """Take the client's lock on recordings. Raises SchoolsBusy if it is taken, or with ``waits`` waits for it.

    An import waits before it locks people, so that it and a batch, which locks people too, do not deadlock.
    """
    name = f"schools/{client_id}"
    if waits:
        advisory_lock(name)
    elif not try_advisory_lock(name):
        raise SchoolsBusy


@transaction.atomic
def record_schools(
    given: GivenRows, *, client: Client, origin: Origin, removed: Sequence[UUID] = (), actor: Actor, at: datetime
) -> Recorded:
    """Record what a source states, in the client's context; a second run changes nothing (decision 0089).

    What the source declares deleted, or a complete part of a roster no longer lists, ends; so do the enrolments of
    ended classes and of people in ``removed`` (ids). People who are erased or being erased get none. Raises
    SchoolsBusy, NotAllowed, ContextMissing outside the client's context.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    lock_schools(client.id)
    today = client.day_at(at)
    run = Run(client=client, origin=origin, at=at, today=today, complete=given.complete, removed=removed)
    with connection.cursor() as cursor:
        if origin is Origin.ROSTER:
            allow_long_statements(cursor)
        counts = {part: record_places(part, given.places.get(part), run) for part in _PARTS}
        if origin is Origin.ROSTER:
            refresh_statistics(TABLES_OF_PEOPLE + _TABLES_OF_SCHOOLS)
    counts[ENROLMENTS] = record_enrolments(given.enrolments, run)
    if any(one.written for one in counts.values()):
        facts = {"origin": origin.value, "counts": {part: list(astuple(tally)) for part, tally in counts.items()}}
        record_entry("schools.recorded", client_id=client.id, facts=facts, actor=actor, at=at)
    return Recorded(counts, "\n".join(run.digest))


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """The result of one stated enrolment: added, changed, unchanged or ended, or what is wrong by field."""

    result: str | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


_RESULTS: Mapping[str, EnrolmentResult] = {
    "add": EnrolmentResult("added"),
    "change": EnrolmentResult("changed"),
    "same": EnrolmentResult("unchanged"),
    "end": EnrolmentResult("ended"),
    "no_class": EnrolmentResult(errors={"class": ["No class in use has this id."]}),
    "no_person": EnrolmentResult(errors={"subject": ["No person of this client has this id."]}),
    "erasing": EnrolmentResult(errors={"subject": ["This person is being erased."]}),
    "repeated": EnrolmentResult(errors={"class": ["Another item of the batch states this enrolment."]}),
    "none": EnrolmentResult(errors={"ended": ["No enrolment in use matches."]}),
}


@transaction.atomic
def state_place(part: str, row: PlaceRow, *, client: Client, actor: Actor, at: datetime) -> tuple[Place, bool]:
    """Record a school, a term or a class (``CLASSES``); return it with whether it is new.

    Raises ValidationError for an unknown reference, or if an unknown place is ended, SchoolsBusy, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    check_external_id(row.external_id)
    lock_schools(client.id)
    of = _PARTS[part]
    own = of.model._default_manager.filter(client_id=client.pk, external_id=row.external_id)
    is_new = not own.exists()
    if is_new and row.gone:
        raise ValidationError({"ended": ["Nothing is registered under this id, so nothing can end."]})
    if not row.gone:
        _check_references({of.part_of: (of.target, [row.part_of]), "terms": (Term, row.terms or [])}, client)
    record_schools(GivenRows(places={part: [row]}), client=client, origin=Origin.API, actor=actor, at=at)
    return own.select_related(of.ref).get(), is_new


def _check_references(references: Mapping[str, tuple[type[Place], Sequence[str]]], client: Client) -> None:
    errors = {}
    for name, (target, named) in references.items():
        wanted = {external_id for external_id in named if external_id}
        known = target._default_manager.filter(client_id=client.pk, external_id__in=wanted)
        if unknown := wanted - set(known.values_list("external_id", flat=True)):
            errors[name] = [f"Not registered here: {', '.join(sorted(unknown))}."]
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def state_enrolments(
    rows: Sequence[EnrolmentRow], *, client: Client, actor: Actor, at: datetime
) -> list[EnrolmentResult]:
    """Record a batch of enrolments, with a result for each, in order. Raises SchoolsBusy, NotAllowed.

    ``row`` of each is its position in the batch; one with an error is left out.
    """
    record_schools(GivenRows(enrolments=rows), client=client, origin=Origin.API, actor=actor, at=at)
    actions = dict(list_results())
    return [_RESULTS[actions[row.row]] for row in rows]


class ClassesElsewhere(NotAllowed):
    """Staff limited to schools would end enrolments of classes of other schools too, which they may not."""

    console_message = (
        "This concerns classes of a school outside your role, too: ask a colleague whose role is not limited to "
        "schools."
    )


def end_on(rows: QuerySet[Enrolment], ends_on: date, at: datetime) -> int:
    """End enrolments on a day, or earlier if they ended earlier; return how many. A later one ends on its first day.

    An UPDATE by staff limited to schools leaves out classes of other schools without an error. Raises ClassesElsewhere
    instead of ending a part of them.
    """
    day, wanted = Value(ends_on), rows.count() if is_limited() else None
    ended = rows.update(ended_at=at, ends_on=Greatest("starts_on", Least(Coalesce("ends_on", day), day)))
    if wanted is not None and ended != wanted:
        raise ClassesElsewhere
    return ended


def record_counts(client_id: UUID, actor: Actor, at: datetime, *, added: int = 0, **ended: int) -> None:
    """Record in the ledger how many rows of each part staff ended, and how many enrolments they added."""
    counts = {part: [added if part == ENROLMENTS else 0, 0, 0, number] for part, number in ended.items()}
    facts = {"origin": Origin.STAFF.value, "counts": counts}
    record_entry("schools.recorded", client_id=client_id, facts=facts, actor=actor, at=at)


FARTHEST = timedelta(days=366)
"""How far ahead a move may be."""
_NO_CLASS = _("Name a class in use.")
_NO_PEOPLE = _("Choose at least one pupil.")
_TOO_FAR = _("Choose a day at most a year ahead.")
_TOO_EARLY = _("Choose a day after %(day)s, the first day in a class that ends.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of pupils (ids) to classes (ids), with the first day ``on`` in them; ``leaving`` None ends all classes."""

    people: Collection[UUID]
    leaving: Collection[UUID] | None
    joining: Collection[UUID]
    on: date


@transaction.atomic
def move_pupils(move: Move, *, client: Client, actor: Actor, reason: Reason | str, at: datetime) -> int:
    """End and begin the enrolments of a move; return how many pupils moved (decision 0098).

    Consents, guardians, holdings and requests stay, as does a class that they are in already. Waits for a recording
    that runs. Raises ValidationError naming the field (``people``, ``joining``, ``on``), AlreadyErased,
    ErasureInProgress, ClassesElsewhere, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.pk)
    lock_schools(client.pk, waits=True)
    people = _lock_people(move, client)
    check_move(move, client=client, at=at)
    ending = list_moving_enrolments(client.pk, move.people, leaving=move.leaving, joining=move.joining, on=move.on)
    left = list(ending)
    begun = _begin(move, client, at)  # first: staff limited to schools would no longer see a pupil who has left them
    ended = end_on(Enrolment.objects.filter(client_id=client.pk, pk__in=[one.pk for one in left]), move.on, at)
    classes_left, classes_joined = _list_classes_by_person(left), _list_classes_by_person(begun)
    why = {"on": move.on.isoformat(), "reason": str(Reason(reason))}
    for person in people:
        facts = {"left": classes_left[person.pk], "joined": classes_joined[person.pk], **why}
        record_entry("subject.moved", client_id=client.pk, subject_id=person.pk, facts=facts, actor=actor, at=at)
    record_counts(client.pk, actor, at, added=len(begun), enrolments=ended)
    return len(people)


def check_move(move: Move, *, client: Client, at: datetime) -> None:
    """Raise ValidationError naming the field if a move is not possible: no pupil, no class in use, or the day."""
    if not move.people:
        raise ValidationError({"people": [_NO_PEOPLE]})
    in_use = SchoolClass.objects.filter(client_id=client.pk, pk__in=move.joining, ended_at=None)
    if not move.joining or in_use.count() != len(set(move.joining)):
        raise ValidationError({"joining": [_NO_CLASS]})
    today = client.day_at(at)
    if move.on > today + FARTHEST:
        raise ValidationError({"on": [_TOO_FAR]})
    ending = list_moving_enrolments(client.pk, move.people, leaving=move.leaving, joining=move.joining, on=move.on)
    begun = ending.filter(starts_on__gte=move.on, starts_on__lte=today).order_by("-starts_on").first()
    if begun is not None:
        raise ValidationError({"on": [ValidationError(_TOO_EARLY, params={"day": begun.starts_on.isoformat()})]})


def _lock_people(move: Move, client: Client) -> Sequence[Subject]:
    """Lock the people in the order of their keys, as an erasure does. Raises AlreadyErased, ErasureInProgress."""
    found = list(Subject.objects.select_for_update().filter(client_id=client.pk, pk__in=move.people).order_by("pk"))
    if len(found) != len(set(move.people)):
        raise ValidationError({"people": [_NO_PEOPLE]})
    refuse_erased(*found)
    return found


def _list_classes_by_person(enrolments: Iterable[Enrolment]) -> Mapping[UUID, list[str]]:
    found = defaultdict(list)
    for one in sorted(enrolments, key=lambda one: str(one.school_class_id)):
        found[one.subject_id].append(str(one.school_class_id))
    return found


def _begin(move: Move, client: Client, at: datetime) -> list[Enrolment]:
    there = list_moving_enrolments(client.pk, move.people, leaving=move.joining, joining=(), on=move.on)
    already = set(there.values_list("subject_id", "school_class_id"))
    rows = [
        Enrolment(
            id=new_id(),
            client_id=client.pk,
            school_class_id=school_class,
            subject_id=person,
            role=EnrolmentRole.STUDENT,
            origin=Origin.STAFF,
            stated_on=move.on,
            starts_on=move.on,
            recorded_at=at,
        )
        for person in sorted(set(move.people))
        for school_class in sorted(set(move.joining))
        if (person, school_class) not in already
    ]
    return Enrolment.objects.bulk_create(rows)


@act(
    "moves-away",
    "Moves to another institution",
    Capability.REGISTER_SUBJECTS,
    lead="For a pupil who leaves for a school outside this client. The account here closes, the classes end, and "
    "the periods after which the data is deleted begin. PakTaleem copies nothing to the other institution, also "
    "if it uses PakTaleem: only the person, a guardian or the controller can have a copy made (data portability). "
    "Within this client, enrol the pupil in the new class instead: consents and history stay.",
    done="The account is closed. If the person or a guardian wants the data to be taken along, record a request "
    "for data portability next.",
    danger=True,
    lock=as_given,
)
def leave_client(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Close the account of a pupil who leaves for another institution, and end their enrolments; nothing is sent.

    Periods of retention that count from the closing begin. Raises ClassesElsewhere, AlreadyErased, ErasureInProgress,
    NotAllowed.
    """
    lock_schools(subject.client_id, waits=True)
    rows = Enrolment.objects.filter(client_id=subject.client_id, subject=subject, ended_at=None)
    if ended := end_on(rows, subject.client.day_at(at), at):
        record_counts(subject.client_id, actor, at, enrolments=ended)
    kind = SubjectEventKind.ACCOUNT_CLOSED.value
    record_subject_event(subject, kind=kind, happened_at=at, actor=actor, reason=Reason(reason), at=at)


def delete_enrolments(subject: Subject, actor: Actor, at: datetime) -> None:
    """Delete a person's enrolments (GDPR Art. 17): a class and a period can identify a person of a small class."""
    del actor, at  # the erasure itself is recorded
    Enrolment.objects.filter(client_id=subject.client_id, subject=subject).delete()
