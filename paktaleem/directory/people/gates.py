"""Whether a change of what is registered opens the gate that protects a child, or reveals a child. Pure.

The gate is who decides for a person: a guardian, or they themselves. A known age is one that somebody stated; nothing
said is no statement, so the first one takes effect, but a role or a country alone never makes an adult of a child. Nor
do several changes: to take away what says that somebody is a child, or that their age is contradicted, waits already.
"""

from dataclasses import replace
from datetime import datetime

from paktaleem.directory.people.ages import is_child, weighed
from paktaleem.directory.people.details import SubjectDetails, age_statements, reached_threshold_at
from paktaleem.foundation.accounts.thresholds import Thresholds

__all__ = ["GATED", "Reading", "agreed", "held_back", "reveals_child"]

GATED = (
    "role",
    "birth_date",
    "attested_age",
    "attested_on",
    "country",
    "declared_age",
    "declared_on",
    "age_check",
)
"""What of a person's details says who decides."""


class Reading:
    """How one client reads ages: its thresholds, its zone, whether it serves minors, and at which moment."""

    def __init__(self, *, thresholds: Thresholds, time_zone: str, serves_minors: bool, at: datetime) -> None:
        """Keep what an age is read by."""
        self.thresholds, self.time_zone, self.serves_minors, self.at = thresholds, time_zone, serves_minors, at

    def adult_from(self, details: SubjectDetails) -> datetime | None:
        """Give when somebody decides for themselves; None where that is unknown."""
        threshold = self.thresholds.of(details.country)
        return reached_threshold_at(details, threshold=threshold, time_zone=self.time_zone, at=self.at)

    def is_contradicted(self, details: SubjectDetails) -> bool:
        """Say whether what is stated of the age cannot all be right."""
        threshold = self.thresholds.of(details.country)
        return weighed(age_statements(details, threshold=threshold, time_zone=self.time_zone, at=self.at))[1]

    def is_child(self, details: SubjectDetails) -> bool:
        """Say whether a guardian decides: for a known child, and for an unknown age where minors are served."""
        return is_child(details.role, self.adult_from(details), at=self.at, serves_minors=self.serves_minors)

    def is_known_child(self, details: SubjectDetails) -> bool:
        """Say whether an age that was stated says that a guardian decides."""
        moment = self.adult_from(details)
        return moment is not None and self.at < moment


def held_back(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> SubjectDetails | None:
    """Give ``after`` without what would open the gate; None where nothing would."""
    if not reading.is_child(before) or not _opens(before, after, reading):
        return None
    return replace(after, **{name: getattr(before, name) for name in GATED})


def _opens(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    was, becomes = reading.adult_from(before), reading.adult_from(after)
    if becomes is None:
        return not reading.is_child(after) or _takes_away(before, after, reading)
    if was is None:
        return reading.at >= becomes and (reading.is_contradicted(before) or not _states_adult(before, after, reading))
    return becomes < was


def _takes_away(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Say whether nothing is left of what would hold back the next statement."""
    held = reading.is_known_child(before) or reading.is_contradicted(before)
    return held and not reading.is_contradicted(after)


def _states_adult(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Say whether what is stated of the age makes an adult, whatever else of the person changes with it."""
    moment = reading.adult_from(replace(after, role=before.role, country=before.country))
    return moment is not None and reading.at >= moment


def agreed(details: SubjectDetails, reading: Reading) -> SubjectDetails:
    """Leave out what the person, or a provider, says against what two people have confirmed."""
    for without in ({"declared_age": None, "declared_on": None}, {"age_check": None}):
        if reading.is_contradicted(details):
            details = details.changed(without)
    return details


def reveals_child(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Say whether somebody not known as a child turns out to be one, or who counted as an adult counts as one."""
    if reading.is_known_child(after):
        return not reading.is_known_child(before)
    return not reading.is_child(before) and reading.is_child(after)
