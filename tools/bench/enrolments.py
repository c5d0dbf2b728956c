"""Rows about enrolments: a roster of schools, classes and enrolments, compared with COPY of the same rows; its memory.

``BENCH_ENROLMENTS`` sets their number, 100,000 by default. A roster of a million has 2,000 schools, 20,000 classes and
50,000 students with 20 classes each.
"""

import io
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg

from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint
from paktaleem.foundation.embedded.roles import drop_database, ensure_database
from tests.rosters import HEADERS, PACKED_ON
from tools.bench.infrastructure import environment_for
from tools.bench.peak import run_measured
from tools.bench.table import Row, print_progress

ENROLMENTS = int(os.environ.get("BENCH_ENROLMENTS", "100000"))
CLASSES_OF_A_STUDENT = 20
FILES = ("academicSessions.csv", "orgs.csv", "classes.csv", "users.csv")
PART = 10
"""The smaller roster has a tenth of the enrolments."""


def enrolment_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Import two rosters, the second with ten times the enrolments, on a copy of the base world; copy the rows."""
    drop_database(endpoint, "enrolments")
    ensure_database(endpoint, "enrolments", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "enrolments")}
    peaks, taken = [], []
    for client, count in ((4, ENROLMENTS // PART), (5, ENROLMENTS)):
        peak, seconds = _import(f"school_{client}", count, environment)
        print_progress(f"roster of {count:,} enrolments: {peak:.0f} MB, {seconds:.1f} s")
        peaks.append(peak)
        taken.append(seconds)
    copied = _copy(endpoint.url(SUPERUSER, "enrolments"))
    name = f"{ENROLMENTS:,} enrolments"
    return [
        Row(
            f"roster: {name} beside COPY of the same rows", f"{taken[1]:.1f} s beside {copied:.1f} s", taken[1] / copied
        ),
        Row(
            f"roster: memory at {name} beside {ENROLMENTS // PART:,}",
            f"{peaks[1]:.0f} MB beside {peaks[0]:.0f} MB",
            peaks[1] / peaks[0],
            at_most=1.5,
        ),
    ]


def _import(client: str, count: int, environment: dict[str, str]) -> tuple[float, float]:
    """Import people, schools and classes; then all that and the enrolments. Return peak memory and seconds of that.

    The seconds of a third import without enrolments, in which nothing changes, are taken off: what is left is the
    reading, comparing and writing of the enrolments.
    """
    with tempfile.TemporaryDirectory(prefix="paktaleem-bench-") as folder:
        without, package = Path(folder, "without.zip"), Path(folder, "roster.zip")
        _write(without, count, with_enrolments=False)
        _write(package, count, with_enrolments=True)
        command = [sys.executable, "manage.py", "import_roster", "--client", client]
        run_measured([*command, str(without)], environment)
        _, unchanged = run_measured([*command, str(without)], environment)
        peak, seconds = run_measured([*command, str(package)], environment)
    return peak, seconds - unchanged


def _write(path: Path, count: int, *, with_enrolments: bool) -> None:
    files = [*FILES, *(["enrollments.csv"] if with_enrolments else [])]
    stated = {f"file.{file.removesuffix('.csv')}": "bulk" if file in files else "absent" for file in HEADERS}
    names = ("categories", "classResources", "courseResources", "lineItems", "resources", "results")
    absent = {f"file.{name}": "absent" for name in names}
    manifest = {"manifest.version": "1.0", "oneroster.version": "1.1", **stated, **absent}
    with zipfile.ZipFile(path, "w") as archive:
        lines = ["propertyName,value", *(f"{name},{value}" for name, value in manifest.items())]
        archive.writestr(zipfile.ZipInfo("manifest.csv", PACKED_ON), "\n".join(lines) + "\n")
        for file in files:
            member = zipfile.ZipInfo(file, PACKED_ON)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
                text.writelines(_lines(file, count))


def _lines(file: str, count: int) -> Iterator[str]:
    header = HEADERS[file].split()
    yield ",".join(header) + "\n"
    for cells in _rows(file, count):
        yield ",".join(cells.get(name, "") for name in header) + "\n"


def _rows(file: str, count: int) -> Iterable[dict[str, str]]:
    schools, classes, students = max(1, count // 500), max(20, count // 50), max(1, count // CLASSES_OF_A_STUDENT)
    if file == "academicSessions.csv":
        days = {"startDate": "2026-08-01", "endDate": "2027-06-30", "schoolYear": "2027"}
        return [{"sourcedId": "year", "title": "2026-27", "type": "schoolYear", **days}]
    if file == "orgs.csv":
        return ({"sourcedId": f"org-{n}", "name": f"School {n}", "type": "school"} for n in range(schools))
    if file == "classes.csv":
        year = {"classType": "scheduled", "termSourcedIds": "year", "courseSourcedId": "course"}
        titles = (
            {"sourcedId": f"cls-{n}", "title": f"Class {n}", "schoolSourcedId": f"org-{n % schools}"}
            for n in range(classes)
        )
        return (row | year for row in titles)
    if file == "users.csv":
        return (
            {"sourcedId": f"stu-{n}", "enabledUser": "true", "orgSourcedIds": f"org-{n % schools}", "role": "student"}
            | {"username": f"stu-{n}", "givenName": "Noor", "familyName": f"Shah {n}"}
            for n in range(students)
        )
    return (
        {"sourcedId": f"enr-{n}-{m}", "classSourcedId": f"cls-{(n + m) % classes}", "userSourcedId": f"stu-{n}"}
        | {"schoolSourcedId": f"org-{n % schools}", "role": "student", "beginDate": "2026-08-01"}
        for n in range(students)
        for m in range(CLASSES_OF_A_STUDENT)
    )


def _copy(superuser: str) -> float:
    """Copy the larger roster's enrolments into an empty table with the same indexes; return the seconds."""
    with psycopg.connect(superuser) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE copied (LIKE schools_enrolment INCLUDING ALL)")
        largest = "SELECT client_id FROM schools_enrolment GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        with cursor.copy(f"COPY (SELECT * FROM schools_enrolment WHERE client_id = ({largest})) TO STDOUT") as out:  # noqa: S608 -- no values
            rows = [bytes(block) for block in out]
        connection.commit()
        began = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN") as into:
            for block in rows:
                into.write(block)
        connection.commit()
        return time.perf_counter() - began
