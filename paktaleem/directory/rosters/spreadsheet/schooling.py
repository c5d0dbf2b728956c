"""School and class of each person in the spreadsheet. Their names are their ids: the template has no others."""

from collections.abc import Mapping

from paktaleem.directory.oneroster.cells import ID_LIMIT, external_id_fault
from paktaleem.directory.oneroster.people import Person
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.rosters.spreadsheet.columns import HEADINGS
from paktaleem.directory.schools.rows import ClassRow, EnrolmentRow, GivenRows, SchoolRow

_ROLES: Mapping[str, str] = {"student": "student", "learner": "student", "instructor": "teacher"}
_PREFIX = "sheet/"


class SheetClasses:
    """Collects the schools, classes and enrolments of the rows; a person has at most one class in a spreadsheet.

    An enrolment's id is made of the person's, so that another class in a later file is a move.
    """

    def __init__(self, file: str, log: ProblemLog) -> None:
        self._file, self._log = file, log
        self._schools: dict[str, SchoolRow] = {}
        self._classes: dict[str, ClassRow] = {}
        self._enrolments: list[EnrolmentRow] = []

    def take(self, number: int, cells: Mapping[str, str], person: Person) -> None:
        """Take school and class of a row; an empty cell changes nothing."""
        school, title = (" ".join(cells.get(name, "").split()) for name in ("school", "class"))
        name, own_id = "/".join(part for part in (school, title) if part), f"{_PREFIX}{person.external_id}"
        if not name or person.gone:
            return
        if external_id_fault(name) or len(own_id) > ID_LIMIT:
            self._log.oddity(self._file, number, HEADINGS["class" if title else "school"], "school_id_unfit")
            return
        if school:
            self._schools.setdefault(school, SchoolRow(number, school, school, "school", "", gone=False))
        if title:
            self._classes.setdefault(name, ClassRow(number, name, title, "homeroom", school, [], gone=False))
            role = _ROLES.get(person.role or "", "administrator")
            row = EnrolmentRow(number, own_id, name, person.external_id, role, None, None, gone=False)
            self._enrolments.append(row)

    def given(self) -> GivenRows | None:
        """Return the rows, or None if no row names a school or class. They are never complete."""
        if not self._schools and not self._classes:
            return None
        return GivenRows(
            schools=list(self._schools.values()), classes=list(self._classes.values()), enrolments=self._enrolments
        )
