"""Rows about the roster: its write phase compared with bulk_create of the same sealed rows, and its memory.

Run as a program in its own process (``python -m tools.bench.roster``), it measures the write phase on the
database named by the environment, and prints one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import batched
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import drop_database, ensure_database
from tests.rosters import school
from tools.bench.infrastructure import environment_for
from tools.bench.peak import run_measured
from tools.bench.table import Row, measure_section, print_progress

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 20_000
ROUNDS = 3
SIZES = (10_000, 100_000)
STUDENTS_OF = {size: size * 3 // 7 for size in SIZES}
"""Number of students by number of people: each student has one and a third guardians."""
WRITTEN = (
    "people_subject",
    "people_subjectkey",
    "people_historicalsubject",
    "audit_entry",
    "consent_subjectchange",
)


def roster_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure both rows on a copy of the base world."""
    drop_database(endpoint, "roster")
    ensure_database(endpoint, "roster", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "roster")}
    return [
        *measure_section(
            Row("roster: write phase beside bulk_create", "", at_least=4), lambda: _write_phase(environment)
        ),
        *measure_section(
            Row("roster: memory at 100,000 people beside 10,000", "", at_most=1.5), lambda: _memory(environment)
        ),
    ]


def _write_phase(environment: dict[str, str]) -> list[Row]:
    command = [sys.executable, "-m", "tools.bench.roster"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    ours, theirs = PEOPLE / found["import"], PEOPLE / found["bulk_create"]
    seen = f"{ours:,.0f} people/s beside {theirs:,.0f}/s"
    return [Row("roster: write phase beside bulk_create", seen, ours / theirs, at_least=4)]


def _memory(environment: dict[str, str]) -> list[Row]:
    peaks, taken = [], []
    for client, (size, students) in enumerate(STUDENTS_OF.items(), start=1):
        peak, seconds = _imported(f"school_{client}", students, environment)
        print_progress(f"roster of about {size:,} people: {peak:.0f} MB, {seconds:.1f} s")
        peaks.append(peak)
        taken.append(seconds)
    seen = f"{peaks[1]:.0f} MB beside {peaks[0]:.0f} MB, in {taken[1]:.1f} s beside {taken[0]:.1f} s"
    return [Row("roster: memory at 100,000 people beside 10,000", seen, peaks[1] / peaks[0], at_most=1.5)]


def _imported(client: str, students: int, environment: dict[str, str]) -> tuple[float, float]:
    """Import a school with the command; return the peak memory in megabytes, and the seconds."""
    with tempfile.TemporaryDirectory(prefix="paktaleem-bench-") as folder:
        package = school(students).write(Path(folder, "roster.zip"))
        command = [sys.executable, "manage.py", "import_roster", "--client", client, str(package)]
        return run_measured(command, environment)


def main() -> None:
    """Write the same sealed people both ways alternately, in transactions that are rolled back."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    staged, run = _sealed_people()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        _sweep()
        ours.append(_timed(lambda: _by_the_import(staged, run)))
        _sweep()
        theirs.append(_timed(lambda: _by_bulk_create(staged, run)))
    sys.stdout.write(json.dumps({"import": statistics.median(ours), "bulk_create": statistics.median(theirs)}) + "\n")


def _sealed_people() -> tuple[list[Any], Any]:
    """Seal people in the chunks of the import, without writing them."""
    from paktaleem.directory.people.details import SubjectDetails  # noqa: PLC0415 -- as above
    from paktaleem.directory.schools.oneroster.users import StatedRoles  # noqa: PLC0415 -- as above
    from paktaleem.directory.schools.rosters.importing import people  # noqa: PLC0415 -- as above
    from paktaleem.directory.schools.rosters.importing.run import Run  # noqa: PLC0415 -- as above
    from paktaleem.directory.schools.rosters.importing.service import CHUNK  # noqa: PLC0415 -- as above
    from paktaleem.foundation.accounts.actors import system_actor  # noqa: PLC0415 -- models need settings
    from paktaleem.foundation.accounts.models import Client  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT  # noqa: PLC0415 -- as above
    from tools.bench.world import client_id  # noqa: PLC0415 -- as above

    with in_client(client_id(3)):
        client = Client.objects.get(id=client_id(3))
    run = Run(
        client=client,
        actor=system_actor("import_roster"),
        at=CAST_AT,
        today=CAST_AT.date(),
        columns={},
        is_whole=True,
        stated_roles=StatedRoles.MAIN,
    )
    chunks = []
    for numbers in batched(range(PEOPLE), CHUNK):
        staged = people._Staged()
        for number in numbers:
            details = SubjectDetails(
                role="student", full_name=f"Noor Shah {number}", email=f"student{number}@students.example"
            )
            people._stage_new(f"stu-{number:06d}", details, run, staged)
        chunks.append(staged)
    return chunks, run


def _sweep() -> None:
    """Vacuum the tables, so that the next write, with the same ids, is not slowed by rows rolled back."""
    with psycopg.connect(os.environ["SUPERUSER_URL"], autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {', '.join(WRITTEN)}")


def _timed(write: Callable[[], None]) -> float:
    from django.db import transaction  # noqa: PLC0415 -- as above

    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tools.bench.world import client_id  # noqa: PLC0415 -- as above

    with in_client(client_id(3)):
        began = time.perf_counter()
        write()
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took


def _by_the_import(chunks: list[Any], run: Any) -> None:
    from paktaleem.directory.schools.rosters.importing import people, service, tables  # noqa: PLC0415 -- as above

    tables.make_stages()
    for number, staged in enumerate(chunks, start=1):
        people._write(staged, run)
        service.refresh_now_and_then(number)


def _by_bulk_create(chunks: list[Any], run: Any) -> None:
    """Write as with Django and simple-history: four bulk_create per chunk, with the same statistics."""
    from django.db.models import QuerySet  # noqa: PLC0415 -- as above

    from paktaleem.directory.people.models import Subject, SubjectKey  # noqa: PLC0415 -- as above
    from paktaleem.directory.schools.rosters.importing import service  # noqa: PLC0415 -- as above
    from paktaleem.foundation.audit.models import Entry  # noqa: PLC0415 -- as above

    history: Any = Subject.history.model
    stamp = {name: run.params[name] for name in ("actor_kind", "actor_id", "actor_role")}
    tracked = {field.attname for field in history._meta.concrete_fields}
    columns = [field.attname for field in Subject._meta.concrete_fields if field.attname in tracked]
    for number, staged in enumerate(chunks, start=1):
        subjects = [_subject(row, run) for row in staged.people]
        QuerySet(Subject).bulk_create(subjects)
        QuerySet(SubjectKey).bulk_create(_key(row, run) for row in staged.people)
        QuerySet(history).bulk_create(
            history(
                **dict(zip(columns, attrgetter(*columns)(subject), strict=True)),
                history_date=run.at,
                history_type="+",
                history_change_reason="roster_import",
                **stamp,
            )
            for subject in subjects
        )
        QuerySet(Entry).bulk_create(staged.entries)
        service.refresh_now_and_then(number)


def _subject(row: dict[str, Any], run: Any) -> Any:
    from paktaleem.directory.people.models import Subject  # noqa: PLC0415 -- as above
    from paktaleem.foundation.encryption.sealing import Sealed  # noqa: PLC0415 -- as above

    names = {field.attname for field in Subject._meta.concrete_fields} & row.keys()
    values = {name: row[name] for name in names}
    for name in ("full_name", "email", "phone", "birth_date", "attested_age"):
        values[name] = None if values[name] is None else Sealed(values[name])
    return Subject(client_id=run.client.id, registered_at=run.at, changed_at=run.at, **values)


def _key(row: dict[str, Any], run: Any) -> Any:
    from paktaleem.directory.people.models import SubjectKey  # noqa: PLC0415 -- as above

    return SubjectKey(
        id=row["key_id"], client_id=run.client.id, subject_id=row["id"], epoch=row["epoch"], wrapped=row["wrapped"]
    )


if __name__ == "__main__":
    main()
