"""Parse one row of the spreadsheet into a person, or log what is wrong with it.

A guardian without an id gets a keyed hash of the name with what distinguishes namesakes: email address, phone number or
the student. One who is a person of the client already, or of the same file, is named by that person's id.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind, PersonalField, parse_grade, says_nothing
from paktaleem.directory.schools.oneroster import columns as cell
from paktaleem.directory.schools.oneroster.columns import ID_LIMIT, external_id_fault
from paktaleem.directory.schools.oneroster.problems import ProblemLog
from paktaleem.directory.schools.oneroster.users import GuardianRelation, Person, Place
from paktaleem.directory.schools.rows import CLASSES, SCHOOLS, EnrolmentRow, GivenRows, PlaceRow

GUARDIANS = (1, 2)
ROLES: Mapping[str, str] = {
    "student": "student",
    "learner": "learner",
    "teacher": "instructor",
    "instructor": "instructor",
    "administrator": "administrator",
}
RELATIONSHIPS: Mapping[str, str] = {
    "parent": "parents mother father mum mom mummy mama papa dad daddy stepmother stepfather والد والدہ ماں باپ",
    "guardian": "guardians legalguardian سرپرست",
    "relative": "sister brother sibling grandmother grandfather grandparent aunt uncle cousin بہن بھائی "
    "دادا دادی نانا نانی چچا ماموں خالہ پھوپھی",
    "other": "",
}
"""The words in which schools write each relationship, without spaces."""
_RELATIONSHIP_OF = {word: kind for kind, words in RELATIONSHIPS.items() for word in (kind, *words.split())}
LANGUAGES: Mapping[str, str] = {"english": "en", "urdu": "ur", "en": "en", "ur": "ur"}
ACTIVE, CLOSED = "active", "closed"
COMMENT = "#"
"""Rows whose first cell begins with this are skipped, such as the template's hints."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name in code, heading, hint in English and Urdu, and allowed values."""

    name: str
    heading: str
    hint: str
    hint_ur: str
    required: bool = False
    choices: tuple[str, ...] = ()


def _guardian(number: int) -> tuple[Column, ...]:
    name, heading = f"guardian_{number}", f"Guardian {number}"
    return (
        Column(
            f"{name}_id", f"{heading} ID", "of a registered person; then leave the name empty", "رجسٹرڈ سرپرست کا نمبر"
        ),
        Column(f"{name}_name", f"{heading} name", "of a student's parent or guardian", "والد، والدہ یا سرپرست کا نام"),
        Column(f"{name}_relationship", f"{heading} relationship", "how related", "رشتہ", choices=tuple(RELATIONSHIPS)),
        Column(f"{name}_email", f"{heading} email", "their own, not the student's", "سرپرست کا اپنا ای میل"),
        Column(f"{name}_phone", f"{heading} phone", "with country code", "سرپرست کا فون نمبر"),
    )


COLUMNS = (
    Column("external_id", "ID", "the school's own number; not an email address", "اسکول کا نمبر؛ ای میل نہیں", True),
    Column(
        "role",
        "Role",
        "student, learner, teacher or administrator; several with a comma",
        "کردار؛ ایک سے زیادہ ہوں تو درمیان میں کاما",
        required=True,
        choices=tuple(ROLES),
    ),
    *(
        Column(field.name, field.heading, field.hint, field.hint_ur, required=field.is_required)
        for field in PERSONAL_FIELDS
        if field.heading
    ),
    Column("country", "Country", "where they live, if not the school's: PK", "رہائش کا ملک: PK"),
    Column("language", "Language", "English or Urdu", "زبان", choices=("English", "Urdu")),
    Column("account", "Account", "active; closed for who has left", "فعال یا بند", choices=(ACTIVE, CLOSED)),
    Column("school", "School", "its name, the same in each row", "اسکول کا نام، ہر سطر میں یکساں"),
    Column("class", "Class", "such as 4-A", "جماعت، جیسے 4-A"),
    Column("grade", "Grade", "such as 4 or KG", "درجہ، جیسے 4 یا KG"),
    *(column for number in GUARDIANS for column in _guardian(number)),
)
BY_HEADING: Mapping[str, Column] = {column.heading.casefold(): column for column in COLUMNS}
HEADINGS: Mapping[str, str] = {column.name: column.heading for column in COLUMNS}


type Cells = Mapping[str, str]

_TEXTS = [
    field for field in PERSONAL_FIELDS if field.kind is FieldKind.TEXT and field.heading and field.name != "full_name"
]
"""Fields without a rule of their own."""
_BETWEEN_ROLES = re.compile(r"[,;/،]")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")


class PersonReader:
    def __init__(self, file: str, log: ProblemLog) -> None:
        self._file, self._log = file, log
        self._seen: dict[str, Cells] = {}

    def read(self, number: int, cells: Cells) -> Person | None:
        """Return the person of a row, or None if the row has no id of its own, or is a repetition."""
        external_id, roles = cells["external_id"], _to_roles(cells["role"])
        if not self._has_own_id(number, external_id, cells):
            return None
        account = cells.get("account", "").casefold()
        if account not in {"", ACTIVE, CLOSED}:
            self._fatal(number, "account", "value_not_allowed", f"must be one of: {ACTIVE}, {CLOSED}")
        if account == CLOSED:
            return Person(external_id, gone=True)
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
        if person.role == "student" and person.birth_date is None:
            self._oddity(number, "birth_date", "birth_date_missing", value=external_id)
        return person

    def _has_own_id(self, number: int, external_id: str, cells: Cells) -> bool:
        fault = cell.external_id_fault(external_id) if external_id else "must not be empty"
        if fault:
            code = "external_id_unfit" if external_id else "required_empty"
            self._fatal(number, "external_id", code, fault)
            return False
        if self._seen.get(external_id) == cells:
            return False
        if external_id in self._seen:
            self._fatal(number, "external_id", "id_repeated", "the same id is used in an earlier row")
            return False
        self._seen[external_id] = cells
        return True

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
        if name not in cells:
            return None
        found = (cell.plausible_email if name == "email" else cell.plausible_phone)(cells[name])
        if found is None:
            self._oddity(number, name, f"{name}_implausible")
        return found

    def _birth_date(self, number: int, text: str) -> date | None:
        if not text:
            return None
        born = cell.day(text) or self._day_first(number, cell.without_midnight(text))
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

    def _fatal(self, number: int, name: str, code: str, message: str) -> None:
        self._log.fatal(self._file, number, HEADINGS[name], code, message)

    def _oddity(self, number: int, name: str, code: str, *, value: str = "") -> None:
        self._log.oddity(self._file, number, HEADINGS[name], code, value=value)


def _to_roles(text: str) -> list[str] | None:
    roles = [ROLES.get(part.strip().casefold()) for part in _BETWEEN_ROLES.split(text)]
    known = [role for role in roles if role is not None]
    return list(dict.fromkeys(known)) if len(known) == len(roles) else None


type NameGuardian = Callable[[str, str], str]
"""Return a guardian's id from the name and what distinguishes namesakes: an email, a phone number or a child."""

type FindPeople = Callable[[Collection[str]], Collection[str]]
"""Return those of these ids whose person is registered."""

_CHILDREN = ("student", "learner")
_GUARDIAN = "guardian"
_NAMED_BY = ("name", "email", "phone")
_RECOGNISED = "or empty: the guardian is recognised by it"
_UNKNOWN = "no person with this ID is registered or in this file; correct it, or enter the guardian's name instead"


class Guardians:
    def __init__(self, file: str, name_guardian: NameGuardian, log: ProblemLog) -> None:
        self._file, self._name, self._log = file, name_guardian, log
        self._found: dict[str, tuple[Place, Person]] = {}
        self._by_id: dict[str, list[tuple[int, str]]] = {}  # the rows and headings that name a guardian by id

    def of(self, child: Person, number: int, cells: Cells) -> Iterator[GuardianRelation]:
        named: set[str] = set()
        for which in GUARDIANS:
            external_id = self._guardian(child, number, which, cells)
            if external_id is not None and external_id not in named:
                named.add(external_id)
                yield GuardianRelation(child.external_id, external_id, self._relationship(number, which, cells))
        if not named and child.role == "student":
            heading = HEADINGS["guardian_1_name"]
            self._log.oddity(self._file, number, heading, "student_without_guardian", value=child.external_id)

    def _relationship(self, number: int, which: int, cells: Cells) -> str:
        name = f"guardian_{which}_relationship"
        word = re.sub(r"\W", "", cells.get(name, "").casefold()) or _GUARDIAN
        if word not in _RELATIONSHIP_OF:
            self._log.oddity(self._file, number, HEADINGS[name], "relationship_unknown")
        return _RELATIONSHIP_OF.get(word, "other")

    def complete(self, people: Sequence[tuple[Place, Person]], find_people: FindPeople) -> list[tuple[Place, Person]]:
        """Return the people of the rows and all guardians, each guardian with the place of their first mention.

        A guardian named by id only gets the role. Logs ids of no one, and of people whose account the file closes.
        """
        rows = {person.external_id: person for _, person in people}
        others = [external_id for external_id in self._by_id if external_id not in rows]
        registered = {*find_people(others)} if others else set()
        for external_id in self._by_id:
            if external_id in rows and rows[external_id].gone:
                self._refuse(external_id, "the account of this person is closed in another row of this file")
            elif external_id not in rows and external_id not in registered:
                self._refuse(external_id, _UNKNOWN)
        own = [
            (place, replace(one, other_roles=(*one.other_roles, _GUARDIAN)))
            if one.external_id in self._by_id and not one.gone
            else (place, one)
            for place, one in people
        ]
        named = [
            (Place(self._file, self._by_id[external_id][0][0]), Person(external_id, other_roles=(_GUARDIAN,)))
            for external_id in sorted(registered)
        ]
        return [*own, *self._found.values(), *named]

    def _refuse(self, external_id: str, message: str) -> None:
        for number, heading in self._by_id[external_id]:
            self._log.fatal(self._file, number, heading, "guardian_id", message)

    def _guardian(self, child: Person, number: int, which: int, cells: Cells) -> str | None:
        parts = ("id", "relationship", *_NAMED_BY)
        given = {part: cells.get(f"guardian_{which}_{part}", "") for part in parts}
        if not any(given.values()):
            return None
        faults = _id_faults(child, given) if given["id"] else _name_faults(given)
        if child.role is not None and not {child.role, *child.other_roles} & {*_CHILDREN}:
            faults["id" if given["id"] else "name"] = "only students have guardians"
        for part, fault in faults.items():
            if fault:
                self._log.fatal(self._file, number, HEADINGS[f"guardian_{which}_{part}"], f"guardian_{part}", fault)
        if any(faults.values()):
            return None
        if given["id"]:
            self._by_id.setdefault(given["id"], []).append((number, HEADINGS[f"guardian_{which}_id"]))
            return given["id"]
        guardian = self._person(child, number, which, given)
        place, known = self._found.get(guardian.external_id, (Place(self._file, number), guardian))
        email = cell.merge_contacts(known.email, guardian.email)
        phone = cell.merge_contacts(known.phone, guardian.phone)
        self._found[guardian.external_id] = (place, replace(known, email=email, phone=phone))
        return guardian.external_id

    def _person(self, child: Person, number: int, which: int, given: dict[str, str]) -> Person:
        name = cell.full_name(given["name"], "", "")
        email, phone = cell.plausible_email(given["email"]), cell.plausible_phone(given["phone"])
        for part, found in (("email", email), ("phone", phone)):
            heading = HEADINGS[f"guardian_{which}_{part}"]
            if found is None:
                self._log.oddity(self._file, number, heading, f"{part}_implausible")
            elif found and found.casefold() == (getattr(child, part) or "").casefold():
                self._log.oddity(self._file, number, heading, "mailbox_shared_with_guardian", value=child.external_id)
        if not email:
            heading = HEADINGS[f"guardian_{which}_email"]
            self._log.oddity(self._file, number, heading, "guardian_without_email")
        external_id = self._name(name, email or phone or child.external_id)
        return Person(external_id, _GUARDIAN, name, email, phone, None, enabled=True)


def _name_faults(given: dict[str, str]) -> dict[str, str | None]:
    faults = {"name": None if given["name"] else "must not be empty beside the guardian's other cells"}
    if cell.plausible_email(given["email"]) is None:
        faults["email"] = f"must be one email address, {_RECOGNISED}"
    elif not given["email"] and cell.plausible_phone(given["phone"]) is None:
        shortened = "Excel shortens long numbers: format the column as text"
        faults["phone"] = f"must be 7 to 15 digits, {_RECOGNISED} ({shortened})"
    return faults


def _id_faults(child: Person, given: dict[str, str]) -> dict[str, str | None]:
    faults: dict[str, str | None] = dict.fromkeys(part for part in _NAMED_BY if given[part])
    faults = dict.fromkeys(faults, "must be empty beside the guardian's ID: change it at the person with this ID")
    own = "must not be the student's own ID" if given["id"] == child.external_id else None
    return {**faults, "id": own or cell.external_id_fault(given["id"])}


_ROLES: Mapping[str, str] = {"student": "student", "learner": "student", "instructor": "teacher"}
_PREFIX = "sheet/"


class SheetClasses:
    """Collects schools, classes and enrolments of the rows; an id made of the person's makes another class a move."""

    def __init__(self, file: str, log: ProblemLog) -> None:
        self._file, self._log = file, log
        self._schools: dict[str, PlaceRow] = {}
        self._classes: dict[str, PlaceRow] = {}
        self._enrolments: list[EnrolmentRow] = []

    def take(self, number: int, cells: Mapping[str, str], person: Person) -> None:
        given = (" ".join(cells.get(name, "").split()) for name in ("school", "class"))
        school, title = ("" if says_nothing(text) else text for text in given)
        name, own_id = "/".join(part for part in (school, title) if part), f"{_PREFIX}{person.external_id}"
        if not name or person.gone:
            return
        if external_id_fault(name) or len(own_id) > ID_LIMIT:
            self._log.oddity(self._file, number, HEADINGS["class" if title else "school"], "school_id_unfit")
            return
        if school:
            self._schools.setdefault(school, PlaceRow(number, school, school, "school"))
        if title:
            self._classes.setdefault(name, PlaceRow(number, name, title, "homeroom", school))
            role = _ROLES.get(person.role or "", "administrator")
            self._enrolments.append(EnrolmentRow(number, own_id, name, person.external_id, role, None, None))

    def given(self) -> GivenRows | None:
        if not self._schools and not self._classes:
            return None
        places = {SCHOOLS: self._schools.values(), CLASSES: self._classes.values()}
        return GivenRows(places=places, enrolments=self._enrolments)
