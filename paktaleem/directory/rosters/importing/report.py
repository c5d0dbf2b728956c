"""The outcome of an import in numbers and findings. Pure: ids and codes, no personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.oneroster.oddities import Oddity


@dataclass(slots=True)
class Tally:
    """Number of rows added, changed, unchanged and closed at the source."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def total(self) -> int:
        """Number of rows processed."""
        return self.added + self.changed + self.unchanged + self.gone


_LOSS_TEXTS: Mapping[str, str] = {
    "people": gettext_noop("{gone} of {before} active people would be deactivated."),
    "relations": gettext_noop("{gone} of {before} guardian relations would end."),
    "contacts": gettext_noop("{gone} of {before} email addresses and phone numbers would be removed."),
}
"""Sentences about the losses of an import, by kind."""
_FEW: Mapping[str, int] = {"people": 0, "relations": 4, "contacts": 4}
"""Losses of a kind that never stop an import, whatever their share: single guardians and addresses change every day."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of an import: ``gone`` of the ``before`` records of one kind."""

    gone: int
    before: int

    def describe(self, kind: str) -> str:
        """Return a sentence in the current language."""
        return gettext(_LOSS_TEXTS[kind]).format(gone=f"{self.gone:,}", before=f"{self.before:,}")


def find_large_losses(losses: Mapping[str, Loss], percent: int) -> dict[str, Loss]:
    """Return the losses of more than a few records that are more than ``percent`` of their kind."""
    return {
        kind: loss
        for kind, loss in losses.items()
        if loss.gone > _FEW[kind] and loss.gone * 100 > loss.before * percent
    }


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    ``people`` are counted by role, ``schooling`` by part (schools, terms, classes, enrolments). ``oddities`` has exact
    counts by code, ``oddity_sample`` the first of each code.
    ``people_not_named`` and ``relations_not_named`` count the client's records that the roster does not mention and
    that were left alone. ``losses`` counts active people who are deactivated, relations that end, and contacts that are
    removed, by kind: ``people``, ``relations``, ``contacts``. ``plan`` is the digest of everything written;
    ``examples`` holds the LMS ids of the first people added, changed or closed.
    """

    people: Mapping[str, Tally]
    relations: Tally
    schooling: Mapping[str, Tally]
    people_not_named: int
    relations_not_named: int
    oddities: Mapping[str, int]
    oddity_sample: Sequence[Oddity]
    losses: Mapping[str, Loss]
    plan: str
    examples: Mapping[str, Sequence[str]]
