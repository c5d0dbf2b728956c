"""Record what a roster or the learning platform states about schools, terms, classes and enrolments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.db import connection, transaction

from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import CLASSES, ENROLMENTS, SCHOOLS, TERMS, GivenRows
from paktaleem.directory.schools.selectors import get_day
from paktaleem.directory.schools.services.enrolments import record_enrolments
from paktaleem.directory.schools.services.runs import Counts, Run
from paktaleem.directory.schools.services.sourced import record_sourced
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.locks import advisory_lock
from paktaleem.foundation.tenancy.planning import allow_long_statements


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
    if waits:
        advisory_lock(f"schools/{client_id}")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"schools/{client_id}"])
        found = cursor.fetchone()
    if not (found and found[0]):
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
            cursor.execute("SELECT subjects_refresh_statistics(), schools_refresh_statistics()")
    counts[ENROLMENTS] = record_enrolments(given.enrolments, run)
    if any(one.written for one in counts.values()):
        facts = {"origin": origin.value, "counts": {part: list(one) for part, one in counts.items()}}
        record_entry("schools.recorded", client_id=client.id, facts=facts, actor=actor, at=at)
    return Recorded(counts, "\n".join(run.digest))
