"""Findings about a roster file, and the log that collects them.

A problem refuses the file; an oddity is accepted, counted and listed. Messages say what is wrong and why, and never
quote a cell: a shifted column could put a name where a role is expected. A value is stored beside a text only if it
cannot be personal: a file or column, another spelling of an allowed word, or a sourcedId that passed its check.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NOT_READ = "Not read."
_NOT_USED = "Accepted and not used."
_ROW_SKIPPED = "The row is skipped."
_KEPT = "Not used: what is registered is kept."
_FOR_INFORMATION = "Imported as it is."
_PERSON_SKIPPED, _NO_RELATION = "The person is skipped.", "No relation is created."
_LEFT_OUT, _FIRST_USED = "The enrolment is left out.", "The first row is used."

ODDITY_TEXTS: Mapping[str, tuple[str, str]] = {
    # files
    "in_folder": ("The files are in a folder of the package", "Read as if they were at its root."),
    "file_form": ("A file in UTF-16, or with another separator than the comma", "Read as it is."),
    "file_ignored": ("A file that this version of OneRoster does not define", _NOT_READ),
    "file_missing": ("A file that the manifest declares and the package does not hold", "Treated as absent."),
    "file_undeclared": ("A file that the manifest does not declare as bulk or delta", _NOT_READ),
    "file_absent": ("References to a file that the package does not hold", "Not checked."),
    "file_unreadable": ("A file without the column sourcedId", _NOT_READ),
    # columns
    "column_ignored": ("A column that the portal does not know", _NOT_READ),
    "column_missing": ("A column is missing", _NOT_USED),
    "column_repeated": ("A column appears twice", _NOT_USED),
    "row_cut": ("A row that ends before the last column", "Registered values of the missing cells stay."),
    "row_short": ("A row without its last cells", "Read as if they were empty."),
    "row_width": ("A row with more or fewer cells than the header", _ROW_SKIPPED),
    # cells
    "deleted_in_bulk": ("A row of a complete (bulk) file is marked as deleted", "Read as deleted."),
    "value_spelling": ("Another spelling of an allowed value", "Read as the allowed value."),
    "role_other_version": ("A role of another version of OneRoster", "Read as that version defines it."),
    "value_unknown": ("A value that OneRoster does not define", _NOT_USED),
    "cell_empty": ("An empty cell in a column that OneRoster requires", _NOT_USED),
    "date_form": ("A date in another form than YYYY-MM-DD", _NOT_USED),
    "date_with_midnight": ("A date with the time midnight", "Read as the date."),
    "date_day_first": ("A birth date in the form 27.03.2014", "Read with the day first, then the month."),
    "row_repeated": ("The same row twice", "Read once."),
    "id_repeated": ("The same sourcedId in two rows of a file without people", _FIRST_USED),
    "reference_unknown": (
        "A reference to a sourcedId that is not in the package",
        "Used if the id is registered here.",
    ),
    # schools and classes
    "school_id_unfit": (
        "A sourcedId of a school, term, class or enrolment that is empty, too long, or like an email address",
        _ROW_SKIPPED,
    ),
    "name_cut": ("A name of more than 255 characters", "Cut after 255 characters."),
    "enrolment_without_class": ("An enrolment in a class that is neither in the file nor in use here", _LEFT_OUT),
    "enrolment_without_person": ("An enrolment of a person who is neither in the file nor registered here", _LEFT_OUT),
    "enrolment_repeated": (
        "The same sourcedId, or the same person, class, role and first day, in two enrolments",
        _FIRST_USED,
    ),
    "class_grades_several": ("A class of several grades", "Kept without a grade."),
    # people
    "grade_unfit": ("A text that is no grade, such as “N/A”, or of more than 32 characters", _KEPT),
    "grades_several": ("Several grades of one person", "The first is used."),
    "email_implausible": ("Not a plausible email address", _KEPT),
    "phone_implausible": ("Not a plausible phone number (7 to 15 digits)", _KEPT),
    "user_disabled": ("A person whose account is disabled", "The account is closed."),
    "guardian_without_email": (
        "A guardian without an email address",
        "Imported; the portal cannot contact this guardian by email.",
    ),
    "mailbox_shared_with_guardian": (
        "A student and a guardian have the same email address or phone number",
        _FOR_INFORMATION,
    ),
    "relationship_unknown": ("A relationship that the portal does not know", "Read as “other”."),
    "student_without_guardian": ("A student without a parent, guardian or relative", _FOR_INFORMATION),
    "birth_date_missing": ("A student without a birth date", "Imported; the age is unknown."),
    "birth_date_kept": ("No birth date in the file", "The registered birth date is kept."),
    "birth_date_of_nobody": ("A birth date of a person who is not in the users file", _ROW_SKIPPED),
    "role_ended": (
        "A role that has ended",
        "The person keeps their other roles; the only role is kept until another is stated.",
    ),
    "role_extended": ("A role defined by the exporter", _ROW_SKIPPED),
    "role_missing": ("A person without a role that OneRoster defines", _PERSON_SKIPPED),
    "agent_not_guardian": ("An agent who is not a student’s parent, guardian or relative", _NO_RELATION),
    "agent_unknown": ("An agent who is neither in the file nor registered here", _NO_RELATION),
    "subject_erased": ("A person who was erased on request", _PERSON_SKIPPED),
    "erasure_in_progress": ("A person who is being erased on request", _PERSON_SKIPPED),
    "relation_of_erased": ("A guardian relation of an erased person", _NO_RELATION),
    "gone_unknown": ("A deleted person who is not registered here", _PERSON_SKIPPED),
    "age_change_waits": (
        "A change that would let a child decide for themselves",
        "It waits until a second person confirms it in the console.",
    ),
}
"""The two halves of each oddity's sentence: what was found, and how it was read."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something unusual that was accepted: what was found, and how it was read, if they can be shown."""

    file: str
    row: int | None
    column: str | None
    code: str
    value: str = ""
    meaning: str = ""

    @property
    def detail(self) -> str:
        return " → ".join(part for part in (self.value, self.meaning) if part)

    @property
    def message(self) -> str:
        found, read_as = ODDITY_TEXTS[self.code]
        return f"{found}{f' ({self.detail})' if self.detail else ''}. {read_as}"


PACKAGE = "package"
FATAL_CAP = 1_000
ODDITY_SAMPLE = 50
"""Number of oddities of each code that are kept; all are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason to refuse the file. `row` counts as a spreadsheet does: the header is row 1."""

    file: str
    row: int | None
    column: str | None
    code: str
    message: str


class RosterInvalid(Exception):
    """The package cannot be imported; `problems` has the first 1,000 reasons and a count of the rest."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(f"{p.file} row {p.row}: {p.message}" for p in self.problems[:3])


def refusal(file: str, code: str, message: str, *, row: int | None = None) -> RosterInvalid:
    return RosterInvalid([Problem(file, row, None, code, message)])


class ProblemLog:
    """Log of findings with bounded memory: 1,000 problems, a sample of the oddities of each code, and exact totals."""

    def __init__(self) -> None:
        self._fatal: list[Problem] = []
        self._fatal_total = 0
        self._oddities: dict[str, list[Oddity]] = {}
        self._oddity_totals: Counter[str] = Counter()

    def fatal(self, file: str, row: int | None, column: str | None, code: str, message: str) -> None:
        self._fatal_total += 1
        if len(self._fatal) < FATAL_CAP:
            self._fatal.append(Problem(file, row, column, code, message))

    def oddity(
        self, file: str, row: int | None, column: str | None, code: str, *, value: str = "", meaning: str = ""
    ) -> None:
        """Record a finding that is accepted and listed; ``value`` and ``meaning`` must not be personal."""
        self.count_oddities(code, 1)
        kept = self._oddities.setdefault(code, [])
        if len(kept) < ODDITY_SAMPLE:
            kept.append(Oddity(file, row, column, code, value, meaning))

    def count_oddities(self, code: str, count: int) -> None:
        self._oddity_totals[code] += count

    def raise_if_fatal(self) -> None:
        if self._fatal:
            rest = self._fatal_total - len(self._fatal)
            more = [Problem(PACKAGE, None, None, "more_problems", f"and {rest:,} more")] if rest else []
            raise RosterInvalid([*self._fatal, *more])

    def oddity_sample(self) -> tuple[Oddity, ...]:
        return tuple(oddity for kept in self._oddities.values() for oddity in kept)

    def oddity_totals(self) -> Mapping[str, int]:
        return dict(self._oddity_totals)
