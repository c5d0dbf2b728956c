"""Finding the people of a batch of reports, with the reason why nothing may be recorded about some of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_noop

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import tombstone_of

_UNKNOWN = gettext_noop("No person of this client has this id.")
_ERASED = gettext_noop("This person was erased.")
_BEING_ERASED = gettext_noop("This person is being erased.")


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """The people of a batch by LMS id, and why nothing may be recorded about the others."""

    known: Mapping[str, Subject]
    refused: Mapping[str, str]

    def errors_of(self, external_id: str) -> dict[str, list[str]] | None:
        """Return the error about a person, None if reports about them may be recorded."""
        return {"subject": [self.refused[external_id]]} if external_id in self.refused else None


def find_people(client_id: UUID, external_ids: Iterable[str], *, lock: bool = False) -> FoundPeople:
    """Find people by LMS id, in two queries; ``lock`` locks their rows, in the order of their keys."""
    ids = {one for one in external_ids if "\x00" not in one}
    rows = Subject.objects.filter(client_id=client_id, external_id__in=ids).order_by("pk")
    found = {str(one.external_id): one for one in (rows.select_for_update() if lock else rows)}
    missing = set(external_ids) - set(found)
    marks = {tombstone_of(client_id, one): one for one in missing}
    erased = (
        Subject.objects.filter(client_id=client_id, tombstone__in=list(marks)) if missing else Subject.objects.none()
    )
    refused = dict.fromkeys(missing, _UNKNOWN)
    refused |= {marks[bytes(mark)]: _ERASED for mark in erased.values_list("tombstone", flat=True) if mark}
    refused |= {name: _BEING_ERASED for name, one in found.items() if one.is_being_erased}
    return FoundPeople({name: one for name, one in found.items() if name not in refused}, refused)
