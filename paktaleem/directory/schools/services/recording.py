"""Record what a roster or the learning platform states about schools, terms, classes and enrolments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from paktaleem.directory.people.details import check_external_id
from paktaleem.directory.schools.models import ClassTerm, Origin, School, SchoolClass, Sourced, Term
from paktaleem.directory.schools.rows import (
    CLASSES,
    ENROLMENTS,
    SCHOOLS,
    TERMS,
    ClassRow,
    EnrolmentRow,
    GivenRows,
    SchoolRow,
    TermRow,
)
from paktaleem.directory.schools.selectors import get_day
from paktaleem.directory.schools.services.enrolments import Counts, Run, list_results, record_enrolments
from paktaleem.directory.schools.services.sourced import record_sourced
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock, allow_long_statements, try_advisory_lock


class SchoolsBusy(PortalError):
    """Another recording for this client, such as the import of a roster, is running."""

    problem = Problem(
        "schools-busy",
        HTTPStatus.CONFLICT,
        "Schools and enrolments of this client are being recorded",
        "An import or another batch is running. Send the request again later.",
    )
    console_message = "Schools and classes are being recorded by another import. Try again later."


@dataclass(frozen=True, slots=True)
class Recorded:
    """Numbers of a recording by part (such as ``CLASSES``), and a digest of what was written."""

    counts: Mapping[str, Counts]
    digest: str


def lock_schools(client_id: UUID, *, waits: bool = False) -> None:
    """Take the client's lock on recordings until the transaction ends.

    If another recording holds it, wait with ``waits``; otherwise raise SchoolsBusy. An import waits before it locks
    people, so that it and a batch, which locks people too, do not wait for each other.
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

    A row that the source declares deleted, or that a complete part of a roster no longer lists, ends and stays.
    The end of a class ends its enrolments; those of people in ``removed`` (ids) end too. People who are erased or being
    erased get no enrolments. The numbers are recorded in the ledger once for all rows.
    Raises SchoolsBusy, NotAllowed, ContextMissing outside the client's context.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    lock_schools(client.id)
    today = get_day(client, at)
    run = Run(client=client, origin=origin, at=at, today=today, complete=given.complete, removed=removed)
    with connection.cursor() as cursor:
        if origin is Origin.ROSTER:
            allow_long_statements(cursor)
        counts = {
            SCHOOLS: record_sourced(SCHOOLS, given.schools, run),
            TERMS: record_sourced(TERMS, given.terms, run),
            CLASSES: record_sourced(CLASSES, given.classes, run),
        }
        if origin is Origin.ROSTER:
            cursor.execute("SELECT people_refresh_statistics(), schools_refresh_statistics()")
    counts[ENROLMENTS] = record_enrolments(given.enrolments, run)
    if any(one.written for one in counts.values()):
        facts = {"origin": origin.value, "counts": {part: list(one) for part, one in counts.items()}}
        record_entry("schools.recorded", client_id=client.id, facts=facts, actor=actor, at=at)
    return Recorded(counts, "\n".join(run.digest))


_RESULTS = {"add": "added", "change": "changed", "same": "unchanged", "end": "ended"}
_PROBLEMS: Mapping[str, tuple[str, str]] = {
    "no_class": ("class", "No class in use has this id."),
    "no_person": ("subject", "No person of this client has this id."),
    "erasing": ("subject", "This person is being erased."),
    "repeated": ("class", "Another item of the batch states this enrolment."),
    "none": ("ended", "No enrolment in use matches."),
}


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """The result of one stated enrolment: added, changed, unchanged or ended, or what is wrong by field."""

    result: str | None
    errors: Mapping[str, Sequence[str]]


@transaction.atomic
def state_place[Place: (School, Term)](
    model: type[Place], row: SchoolRow | TermRow, *, client: Client, actor: Actor, at: datetime
) -> tuple[Place, bool]:
    """Record a school or a term; return it with whether it is new.

    Raises ValidationError for an unknown parent, or if an unknown one is ended, SchoolsBusy, NotAllowed.
    """
    is_new = _prepare(model, row, {"part_of": (model, [row.parent])}, client=client, actor=actor)
    given = GivenRows(schools=[row]) if isinstance(row, SchoolRow) else GivenRows(terms=[row])
    record_schools(given, client=client, origin=Origin.API, actor=actor, at=at)
    rows = model._default_manager.select_related("parent")
    return rows.get(client_id=client.pk, external_id=row.external_id), is_new


@transaction.atomic
def state_class(row: ClassRow, *, client: Client, actor: Actor, at: datetime) -> tuple[SchoolClass, list[str], bool]:
    """Record a class; return it with the ids of its terms and whether it is new. Its end ends its enrolments.

    Raises ValidationError for an unknown school or term, or if an unknown class is ended, SchoolsBusy, NotAllowed.
    """
    references = {"school": (School, [row.school]), "terms": (Term, row.terms)}
    is_new = _prepare(SchoolClass, row, references, client=client, actor=actor)
    record_schools(GivenRows(classes=[row]), client=client, origin=Origin.API, actor=actor, at=at)
    rows = SchoolClass.objects.select_related("school")
    found = rows.get(client_id=client.pk, external_id=row.external_id)
    links = ClassTerm.objects.filter(client_id=client.pk, school_class=found)
    terms = links.order_by("term__external_id").values_list("term__external_id", flat=True)
    return found, list(terms), is_new


@transaction.atomic
def state_enrolments(
    rows: Sequence[EnrolmentRow], *, client: Client, actor: Actor, at: datetime
) -> list[EnrolmentResult]:
    """Record a batch of enrolments, with a result for each, in order; one with an error is left out.

    ``row`` of each is its position in the batch. Raises SchoolsBusy, NotAllowed.
    """
    record_schools(GivenRows(enrolments=rows), client=client, origin=Origin.API, actor=actor, at=at)
    actions = dict(list_results())
    return [_to_result(actions[row.row]) for row in rows]


def _to_result(action: str) -> EnrolmentResult:
    if action in _RESULTS:
        return EnrolmentResult(_RESULTS[action], {})
    field, message = _PROBLEMS[action]
    return EnrolmentResult(None, {field: [message]})


def _prepare(
    model: type[Sourced],
    row: SchoolRow | TermRow | ClassRow,
    references: Mapping[str, tuple[type[Sourced], Sequence[str]]],
    *,
    client: Client,
    actor: Actor,
) -> bool:
    """Lock, check the row's id and references (rows by id; empty for none), and return True if the row is new."""
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    check_external_id(row.external_id)
    lock_schools(client.id)
    is_new = not model._default_manager.filter(client_id=client.pk, external_id=row.external_id).exists()
    if is_new and row.gone:
        raise ValidationError({"ended": ["Nothing is registered under this id, so nothing can end."]})
    errors = {}
    for field, (target, named) in references.items():
        wanted = {one for one in named if one}
        known = target._default_manager.filter(client_id=client.pk, external_id__in=wanted)
        unknown = wanted - set(known.values_list("external_id", flat=True))
        if unknown and not row.gone:
            errors[field] = [f"Not registered here: {', '.join(sorted(unknown))}."]
    if errors:
        raise ValidationError(errors)
    return is_new
