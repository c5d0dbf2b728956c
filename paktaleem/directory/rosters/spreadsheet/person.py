"""Parse one row of the spreadsheet into a person, or log what is wrong with it."""

import re
from collections.abc import Mapping
from datetime import date

from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.people import Person
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind, PersonalField
from paktaleem.directory.people.grades import parse_grade
from paktaleem.directory.rosters.spreadsheet.columns import ACTIVE, CLOSED, HEADINGS, LANGUAGES, ROLES

type Cells = Mapping[str, str]

_TEXTS = [
    field for field in PERSONAL_FIELDS if field.kind is FieldKind.TEXT and field.heading and field.name != "full_name"
]
"""Fields without a rule of their own."""
_BETWEEN_ROLES = re.compile(r"[,;/،]")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")


class PersonReader:
    """Parses one person after another, logs errors, and refuses repeated ids."""

    def __init__(self, file: str, log: ProblemLog) -> None:
        self._file, self._log = file, log
        self._seen: dict[str, Cells] = {}

    def read(self, number: int, cells: Cells) -> Person | None:
        """Return the person of a row, or None if the row has no id of its own, or is a repetition."""
        external_id, roles = cells["external_id"], _to_roles(cells["role"])
        if not self._has_own_id(number, external_id, cells):
            return None
        if self._is_closed(number, cells):
            return Person(external_id, None, None, None, None, None, enabled=None, gone=True)
        if roles is None:
            message = f"must be one of: {', '.join(ROLES)}; or several with a comma between them, the main one first"
            self._fatal(number, "role", "value_not_allowed", message)
        person = Person(
            external_id=external_id,
            role=roles[0] if roles else None,
            other_roles=tuple(roles[1:]) if roles else (),
            full_name=self._name(number, cells["full_name"]),
            email=self._contact(number, "email", cells),
            phone=self._contact(number, "phone", cells),
            birth_date=self._birth_date(number, cells.get("birth_date", "")),
            enabled=True,
            language=self._language(number, cells.get("language", "")),
            country=self._country(number, cells.get("country", "")),
            grade=self._grade(number, cells.get("grade", "")),
            texts={field.name: self._text(number, field, cells) for field in _TEXTS if field.name in cells},
        )
        self._report_age(number, person)
        return person

    def _has_own_id(self, number: int, external_id: str, cells: Cells) -> bool:
        fault = cell.external_id_fault(external_id) if external_id else "must not be empty"
        if fault:
            code = "external_id_unfit" if external_id else "required_empty"
            self._fatal(number, "external_id", code, fault)
            return False
        if self._seen.get(external_id) == cells:
            self._oddity(number, "external_id", "row_repeated")
            return False
        if external_id in self._seen:
            self._fatal(number, "external_id", "id_repeated", "the same id is used in an earlier row")
            return False
        self._seen[external_id] = cells
        return True

    def _is_closed(self, number: int, cells: Cells) -> bool:
        account = cells.get("account", "").casefold()
        if account not in {"", ACTIVE, CLOSED}:
            self._fatal(number, "account", "value_not_allowed", f"must be one of: {ACTIVE}, {CLOSED}")
        return account == CLOSED

    def _name(self, number: int, text: str) -> str:
        name = cell.full_name(text, "", "")
        if not name:
            self._fatal(number, "full_name", "name_empty", "must not be empty")
        elif len(name) > cell.NAME_LIMIT:
            self._fatal(number, "full_name", "name_too_long", f"longer than {cell.NAME_LIMIT} characters")
        return name

    def _text(self, number: int, field: PersonalField, cells: Cells) -> str:
        text = " ".join(cells[field.name].split())
        if len(text) > field.longest:
            self._fatal(number, field.name, "text_too_long", f"longer than {field.longest} characters")
        return text

    def _contact(self, number: int, name: str, cells: Cells) -> str | None:
        """Return an email or phone number; "" if the cell is empty, None if it is unreadable or not in the file."""
        if name not in cells:
            return None
        found = (cell.plausible_email if name == "email" else cell.plausible_phone)(cells[name])
        if found is None:
            self._oddity(number, name, f"{name}_implausible")
        return found

    def _birth_date(self, number: int, text: str) -> date | None:
        if not text:
            return None
        day = cell.without_midnight(text)
        if day != text:
            self._oddity(number, "birth_date", "date_with_time")
        born = cell.day(day) or self._day_first(number, day)
        if born is None:
            message = "must be a day written YYYY-MM-DD, or day first as 27.03.2014"
            self._fatal(number, "birth_date", "date_unreadable", message)
        elif born.year < cell.FIRST_BIRTH_YEAR:
            self._fatal(number, "birth_date", "birth_date_too_early", f"must not be before {cell.FIRST_BIRTH_YEAR}")
        return born

    def _day_first(self, number: int, text: str) -> date | None:
        found = _DAY_FIRST.fullmatch(text)
        born = found and cell.day(f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}")
        if born:
            self._oddity(number, "birth_date", "date_day_first")
        return born

    def _language(self, number: int, text: str) -> str | None:
        if text and text.casefold() not in LANGUAGES:
            self._fatal(number, "language", "value_not_allowed", "must be one of: English, Urdu")
        return LANGUAGES.get(text.casefold())

    def _country(self, number: int, text: str) -> str | None:
        found = cell.country(text)
        if found is None:
            self._fatal(number, "country", "country_unfit", "must be two letters of ISO 3166, such as PK")
        return found or None

    def _grade(self, number: int, text: str) -> str | None:
        try:
            return parse_grade(text) or None
        except ValueError:
            self._oddity(number, "grade", "grade_unfit")
            return None

    def _report_age(self, number: int, person: Person) -> None:
        if person.role == "student" and person.birth_date is None:
            self._oddity(number, "birth_date", "birth_date_missing", value=person.external_id)

    def _fatal(self, number: int, name: str, code: str, message: str) -> None:
        self._log.fatal(self._file, number, HEADINGS[name], code, message)

    def _oddity(self, number: int, name: str, code: str, *, value: str = "") -> None:
        self._log.oddity(self._file, number, HEADINGS[name], code, value=value)


def _to_roles(text: str) -> list[str] | None:
    """Return the roles of a cell, the main one first; None if one of them is no role."""
    roles = [ROLES.get(part.strip().casefold()) for part in _BETWEEN_ROLES.split(text)]
    known = [role for role in roles if role is not None]
    return list(dict.fromkeys(known)) if len(known) == len(roles) else None
