"""The guardians named in students' rows, merged into one person each across siblings.

Guardians have no id at the school, so their id is derived from what distinguishes them: the name with the email
address, the phone number or the student. Two guardians who share a mailbox stay two. The id is a keyed hash, so that it
reveals nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.people import GuardianRelation, Person, Place
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.rosters.spreadsheet.columns import GUARDIANS, HEADINGS, RELATIONSHIPS
from paktaleem.directory.rosters.spreadsheet.person import Cells

type NameGuardian = Callable[[str, str], str]
"""Return a guardian's id from the name and what distinguishes namesakes: an email, a phone number or a child."""

_CHILDREN = ("student", "learner")


class Guardians:
    """Collects the guardians of all rows."""

    def __init__(self, file: str, name_guardian: NameGuardian, log: ProblemLog) -> None:
        self._file, self._name, self._log = file, name_guardian, log
        self._found: dict[str, tuple[Place, Person]] = {}

    def of(self, child: Person, number: int, cells: Cells) -> Iterator[GuardianRelation]:
        """Yield the relations that a person's row names; log errors and oddities."""
        named: set[str] = set()
        for which in GUARDIANS:
            guardian = self._guardian(child, number, which, cells)
            if guardian is not None and guardian.external_id not in named:
                named.add(guardian.external_id)
                self._store(guardian, number)
                relationship = cells.get(f"guardian_{which}_relationship", "").casefold() or "guardian"
                yield GuardianRelation(child.external_id, guardian.external_id, relationship)
        if not named and child.role == "student":
            heading = HEADINGS["guardian_1_name"]
            self._log.oddity(self._file, number, heading, "student_without_guardian", value=child.external_id)

    def people(self) -> list[tuple[Place, Person]]:
        """Return all guardians, each with the place of their first mention."""
        return list(self._found.values())

    def _guardian(self, child: Person, number: int, which: int, cells: Cells) -> Person | None:
        given = {part: cells.get(f"guardian_{which}_{part}", "") for part in ("name", "relationship", "email", "phone")}
        if not any(given.values()):
            return None
        faults = {
            "name": "must not be empty beside the guardian's other cells" if not given["name"] else None,
            "relationship": self._relationship_fault(given["relationship"]),
        }
        if child.role is not None and not {child.role, *child.other_roles} & {*_CHILDREN}:
            faults["name"] = "only students have guardians"
        for part, fault in faults.items():
            if fault:
                self._log.fatal(self._file, number, HEADINGS[f"guardian_{which}_{part}"], f"guardian_{part}", fault)
        if any(faults.values()):
            return None
        return self._person(child, number, which, given)

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
        return Person(external_id, "guardian", name, email or "", phone or "", None, enabled=True)

    def _store(self, guardian: Person, number: int) -> None:
        """Store a guardian, completing missing fields from a sibling's row."""
        place, known = self._found.get(guardian.external_id, (Place(self._file, number), guardian))
        self._found[guardian.external_id] = (
            place,
            replace(known, email=known.email or guardian.email, phone=known.phone or guardian.phone),
        )
