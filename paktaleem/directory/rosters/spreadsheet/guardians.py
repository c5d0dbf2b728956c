"""The guardians named in students' rows, merged into one person each across siblings.

Guardians have no id at the school, so their id is derived from what distinguishes them: the name with the email
address, the phone number or the student. Two guardians who share a mailbox stay two. The id is a keyed hash, so that it
reveals nothing. A guardian who is a person of the client already, or of the same file, is named by that person's id.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.people import GuardianRelation, Person, Place
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.rosters.spreadsheet.columns import GUARDIANS, HEADINGS, RELATIONSHIPS
from paktaleem.directory.rosters.spreadsheet.person import Cells

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
    """Collects the guardians of all rows."""

    def __init__(self, file: str, name_guardian: NameGuardian, log: ProblemLog) -> None:
        self._file, self._name, self._log = file, name_guardian, log
        self._found: dict[str, tuple[Place, Person]] = {}
        self._by_id: dict[str, list[tuple[int, str]]] = {}  # the rows and headings that name a guardian by id

    def of(self, child: Person, number: int, cells: Cells) -> Iterator[GuardianRelation]:
        """Yield the relations that a person's row names; log errors and oddities."""
        named: set[str] = set()
        for which in GUARDIANS:
            external_id = self._guardian(child, number, which, cells)
            if external_id is not None and external_id not in named:
                named.add(external_id)
                relationship = cells.get(f"guardian_{which}_relationship", "").casefold() or _GUARDIAN
                yield GuardianRelation(child.external_id, external_id, relationship)
        if not named and child.role == "student":
            heading = HEADINGS["guardian_1_name"]
            self._log.oddity(self._file, number, heading, "student_without_guardian", value=child.external_id)

    def complete(self, people: Sequence[tuple[Place, Person]], find_people: FindPeople) -> list[tuple[Place, Person]]:
        """Return the people of the rows and all guardians, each guardian with the place of their first mention.

        A guardian named by id who has a row gets the role; one who is registered only gets the role, and nothing else
        changes. Logs ids of neither, and of people whose account the file closes.
        """
        rows = {person.external_id: person for _, person in people}
        others = [external_id for external_id in self._by_id if external_id not in rows]
        registered = {*find_people(others)} if others else set()
        for external_id in self._by_id:
            if external_id in rows and rows[external_id].gone:
                self._refuse(external_id, "the account of this person is closed in another row of this file")
            elif external_id not in rows and external_id not in registered:
                self._refuse(external_id, _UNKNOWN)
        own = [(place, self._with_role(person)) for place, person in people]
        return [*own, *self._found.values(), *map(self._registered, sorted(registered))]

    def _refuse(self, external_id: str, message: str) -> None:
        for number, heading in self._by_id[external_id]:
            self._log.fatal(self._file, number, heading, "guardian_id", message)

    def _with_role(self, person: Person) -> Person:
        if person.external_id not in self._by_id or person.gone:
            return person
        return replace(person, other_roles=(*person.other_roles, _GUARDIAN))

    def _registered(self, external_id: str) -> tuple[Place, Person]:
        place = Place(self._file, self._by_id[external_id][0][0])
        nothing = Person(external_id, None, None, None, None, None, enabled=None)
        return place, replace(nothing, other_roles=(_GUARDIAN,))

    def _guardian(self, child: Person, number: int, which: int, cells: Cells) -> str | None:
        """Return the id of a guardian of a row; None if there is none, or if something is wrong with the cells."""
        parts = ("id", "relationship", *_NAMED_BY)
        given = {part: cells.get(f"guardian_{which}_{part}", "") for part in parts}
        if not any(given.values()):
            return None
        faults = {
            **(_id_faults(child, given) if given["id"] else _name_faults(given)),
            "relationship": self._relationship_fault(given["relationship"]),
        }
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
        self._store(guardian, number)
        return guardian.external_id

    def _relationship_fault(self, text: str) -> str | None:
        allowed = text.casefold() in {"", *RELATIONSHIPS}
        return None if allowed else f"must be one of: {', '.join(RELATIONSHIPS)}"

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
        distinguished_by = email or phone or child.external_id
        external_id = self._name(name, distinguished_by)
        return Person(external_id, _GUARDIAN, name, email, phone, None, enabled=True)

    def _store(self, guardian: Person, number: int) -> None:
        """Store a guardian, completing missing fields from a sibling's row."""
        place, known = self._found.get(guardian.external_id, (Place(self._file, number), guardian))
        self._found[guardian.external_id] = (
            place,
            replace(
                known,
                email=cell.merge_contacts(known.email, guardian.email),
                phone=cell.merge_contacts(known.phone, guardian.phone),
            ),
        )


def _name_faults(given: dict[str, str]) -> dict[str, str | None]:
    """Return what is wrong with the name, or with the contact that distinguishes namesakes: email, or else phone."""
    faults = {"name": None if given["name"] else "must not be empty beside the guardian's other cells"}
    if cell.plausible_email(given["email"]) is None:
        faults["email"] = f"must be one email address, {_RECOGNISED}"
    elif not given["email"] and cell.plausible_phone(given["phone"]) is None:
        shortened = "Excel shortens long numbers: format the column as text"
        faults["phone"] = f"must be 7 to 15 digits, {_RECOGNISED} ({shortened})"
    return faults


def _id_faults(child: Person, given: dict[str, str]) -> dict[str, str | None]:
    """Return what is wrong with the cells of a guardian who is named by id: nothing else describes them."""
    faults: dict[str, str | None] = dict.fromkeys(part for part in _NAMED_BY if given[part])
    faults = dict.fromkeys(faults, "must be empty beside the guardian's ID: change it at the person with this ID")
    own = "must not be the student's own ID" if given["id"] == child.external_id else None
    return {**faults, "id": own or cell.external_id_fault(given["id"])}
