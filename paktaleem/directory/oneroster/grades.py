"""The grades in a cell of OneRoster, a list; the portal keeps one of a person, and one of a class."""

from paktaleem.directory.oneroster.columns import listed
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.people.grades import parse_grade


def read_grades(text: str) -> list[str]:
    """Return the grades of a cell in their one form; what is no grade is left out."""
    return list(dict.fromkeys(found for one in listed(text) if (found := _parse(one))))


def report_grades(text: str, *, file: str, row: int, log: ProblemLog) -> None:
    """Log what is odd about the cell ``grades`` of a person or a class."""
    if any(_parse(one) is None for one in listed(text)):
        log.oddity(file, row, "grades", "grade_unfit")
    if len(read_grades(text)) > 1:
        log.oddity(file, row, "grades", "grades_several" if file == "users.csv" else "class_grades_several")


def _parse(text: str) -> str | None:
    try:
        return parse_grade(text)
    except ValueError:
        return None
