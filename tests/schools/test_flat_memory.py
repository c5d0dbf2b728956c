"""The memory of an import does not grow with the enrolments of the same people in the same classes."""

import tracemalloc
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from paktaleem.directory.schools.oneroster.roster import open_roster
from paktaleem.directory.schools.rosters.importing.service import import_roster
from paktaleem.foundation.accounts.actors import system_actor
from tests.rosters import RosterPackage, clean_network

PEOPLE, CLASSES, FIRST_DAY = 50, 20, date(2026, 8, 3)
KEBIBYTE = 1024


def package(days: int) -> RosterPackage:
    """Return students who are each enrolled in every class on each of so many days."""
    made = clean_network()
    for number in range(PEOPLE):
        made.user(f"student-{number}", "student", "Noor", f"Shah {number}")
    for number in range(CLASSES):
        made.add("classes.csv", f"class-{number}", title=f"Class {number}", schoolSourcedId="org-2")
    for number in range(PEOPLE * CLASSES * days):
        rest, person = divmod(number, PEOPLE)
        day, school_class = divmod(rest, CLASSES)
        places = {"classSourcedId": f"class-{school_class}", "schoolSourcedId": "org-2"}
        begin = (FIRST_DAY + timedelta(2 * day)).isoformat()
        end = (FIRST_DAY + timedelta(2 * day + 1)).isoformat()
        days_of_it = {"beginDate": begin, "endDate": end}
        row = {"userSourcedId": f"student-{person}", "role": "student", **places, **days_of_it}
        made.add("enrollments.csv", f"enrolment-{number}", **row)
    return made


def measure(path: Path, client: Any, at: datetime) -> int:
    """Return the peak, in bytes, of opening a package and importing it."""
    tracemalloc.start()
    try:
        with open_roster(path) as roster:
            report = import_roster(roster, client=client, actor=system_actor("tests"), at=at, is_trial=True)
        assert report.schooling["enrolments"].added > 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_twelve_times_the_enrolments_take_no_more_memory(tmp_path: Path, indus: Any, now: datetime) -> None:
    few, many = package(1).write(tmp_path / "few.zip"), package(12).write(tmp_path / "many.zip")
    people = package(0).write(tmp_path / "people.zip")
    with open_roster(people) as roster:
        import_roster(roster, client=indus, actor=system_actor("tests"), at=now)
    small, large = (measure(path, indus, now) for path in (few, many))
    assert large < small + 256 * KEBIBYTE
