"""A checked spreadsheet of people, with the same interface as a OneRoster package."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import IO

from paktaleem.directory.oneroster.oddities import Oddity
from paktaleem.directory.oneroster.package import shown
from paktaleem.directory.oneroster.people import GuardianRelation, Person, Place, StatedRoles
from paktaleem.directory.oneroster.problems import ProblemLog, refusal
from paktaleem.directory.oneroster.relations import DeltaRelation
from paktaleem.directory.rosters.spreadsheet.columns import BY_HEADING, COLUMNS, COMMENT, HEADINGS, Column
from paktaleem.directory.rosters.spreadsheet.guardians import FindPeople, Guardians, NameGuardian
from paktaleem.directory.rosters.spreadsheet.person import Cells, PersonReader
from paktaleem.directory.rosters.spreadsheet.rows import CSV_FILE, XLSX_FILE, Row, csv_rows, xlsx_rows
from paktaleem.directory.rosters.spreadsheet.schooling import SheetClasses
from paktaleem.directory.schools.rows import GivenRows

_NEARLY = 0.8
"""Similarity from which a heading counts as misspelt (0 to 1)."""


class Spreadsheet:
    """A spreadsheet whose every row has been checked; see ``oneroster.Roster`` for its members.

    People come in the order of the rows, followed by the guardians.
    """

    def __init__(self, file: str, kind: str, log: ProblemLog) -> None:
        self.kind = kind
        self.is_whole = True
        self.stated_roles = StatedRoles.MAIN
        self.columns: Mapping[str, str] = {**HEADINGS, "agents": HEADINGS["guardian_1_name"]}
        self.people: list[tuple[Place, Person]] = []
        self._file, self._log = file, log
        self._relations: list[GuardianRelation] = []
        self._classes = SheetClasses(file, log)

    def take(self, rows: Iterable[Row], *, name_guardian: NameGuardian, find_people: FindPeople) -> None:
        """Read all rows. Raises RosterInvalid with every problem of the file."""
        source = iter(rows)
        header_row, header = next(source, (1, []))
        columns = _checked_header(self._file, header_row, header, self._log)
        guardians = Guardians(self._file, name_guardian, self._log)
        reader = PersonReader(self._file, self._log)
        for number, cells in source:
            if cells and not cells[0].startswith(COMMENT):
                self._take_row(number, _by_name(columns, cells, self._file, number, self._log), reader, guardians)
        self.people = guardians.complete(self.people, find_people)
        self._log.raise_if_fatal()

    def _take_row(self, number: int, cells: Cells, reader: PersonReader, guardians: Guardians) -> None:
        person = reader.read(number, cells)
        if person is not None:
            self.people.append((Place(self._file, number), person))
            self._classes.take(number, cells, person)
            self._relations += () if person.gone else guardians.of(person, number, cells)

    @property
    def oddity_sample(self) -> Sequence[Oddity]:
        """The first oddities of each code."""
        return self._log.oddity_sample()

    @property
    def oddities(self) -> Mapping[str, int]:
        """The number of oddities by code."""
        return self._log.oddity_totals()

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of relations."""
        return {"relations": len(self._relations)}

    def schooling(self, *, complete: bool) -> GivenRows | None:
        """Return the schools, classes and enrolments; None if no row names one. They never count as complete."""
        del complete
        return self._classes.given()

    @property
    def size(self) -> int:
        """Number of people in the spreadsheet."""
        return len(self.people)

    def placed_people(self) -> Iterator[tuple[Place, Person]]:
        """Yield every person with their place in the file."""
        return iter(self.people)

    def relations(self) -> Iterator[GuardianRelation]:
        """Yield every relation once."""
        return iter(self._relations)

    def mentions(self) -> Sequence[DeltaRelation]:
        """Return nothing: guardians are in their student's row."""
        return ()

    def birth_date_places(self, external_ids: Mapping[str, object], /) -> Iterator[tuple[Place, str]]:
        """Yield the places of these people's birth dates."""
        return ((place, one.external_id) for place, one in self.people if one.external_id in external_ids)


def open_csv(data: bytes, *, name_guardian: NameGuardian, find_people: FindPeople) -> Spreadsheet:
    """Read a CSV file. The callables name a guardian and find known ids. Raises RosterInvalid."""
    log = ProblemLog()
    sheet = Spreadsheet(CSV_FILE, "CSV", log)
    sheet.take(csv_rows(data, log=log), name_guardian=name_guardian, find_people=find_people)
    return sheet


def open_xlsx(file: IO[bytes], *, name_guardian: NameGuardian, find_people: FindPeople) -> Spreadsheet:
    """Read a workbook. The callables name a guardian and find known ids. Raises RosterInvalid."""
    sheet = Spreadsheet(XLSX_FILE, "XLSX", ProblemLog())
    sheet.take(xlsx_rows(file), name_guardian=name_guardian, find_people=find_people)
    return sheet


def _checked_header(file: str, row: int, header: list[str], log: ProblemLog) -> list[Column | None]:
    """Return the column of each heading; None for an unknown one, which is named and not read."""
    columns: list[Column | None] = []
    for heading in header:
        column = BY_HEADING.get(" ".join(heading.split()).casefold())
        if column is None:
            _refuse_misspelt(file, row, heading)
            log.oddity(file, row, shown(heading), "column_ignored")
        elif column in columns:
            raise refusal(file, "header_wrong", f"the column {column.heading} appears twice", row=row)
        columns.append(column)
    for column in COLUMNS:
        if column.required and column not in columns:
            raise refusal(file, "header_wrong", f"the column {column.heading} is missing", row=row)
    return columns


def _refuse_misspelt(file: str, row: int, heading: str) -> None:
    """Refuse a heading that is nearly one of ours: ignored, a birth date or a guardian would be missing."""
    meant = get_close_matches(" ".join(heading.split()).casefold(), BY_HEADING, n=1, cutoff=_NEARLY)
    if meant:
        message = f"an unknown heading that may mean {BY_HEADING[meant[0]].heading}; correct it or rename the column"
        raise refusal(file, "header_wrong", message, row=row)


def _by_name(columns: Sequence[Column | None], cells: list[str], file: str, number: int, log: ProblemLog) -> Cells:
    if len(cells) > len(columns):
        message = f"has {len(cells)} cells; the header has {len(columns)}"
        log.fatal(file, number, None, "cell_count_wrong", message)
    padded = [*cells, *[""] * len(columns)]
    return {column.name: cell for column, cell in zip(columns, padded, strict=False) if column is not None}
