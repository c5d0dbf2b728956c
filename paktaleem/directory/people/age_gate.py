"""Whether a change of a person's details loosens the age gate, or reveals a child. Pure.

The age gate determines who decides for a person: a guardian or the person. The first statement of an age takes effect
at once, but a change of role or country alone never turns a child into an adult. Neither do several changes in a row:
removing the statement that makes someone a child, or the contradiction between statements, already waits for a second
person.
"""

from dataclasses import replace
from datetime import datetime

from paktaleem.directory.people.ages import birthday, combine_statements, is_child, of_age_at
from paktaleem.directory.people.details import AgeCheck, SubjectDetails, age_statements, threshold_reached_at
from paktaleem.foundation.accounts.thresholds import Thresholds

AGE_GATE_FIELDS = (
    "role",
    "other_roles",
    "birth_date",
    "attested_age",
    "attested_on",
    "country",
    "declared_age",
    "declared_on",
    "age_check",
)
"""Fields that determine who decides for a person."""

_GUARDIAN = "guardian"


class Reading:
    """Rules by which one client evaluates ages: thresholds, time zone, whether it serves minors, and the time."""

    def __init__(self, *, thresholds: Thresholds, time_zone: str, serves_minors: bool, at: datetime) -> None:
        self.thresholds, self.time_zone, self.serves_minors, self.at = thresholds, time_zone, serves_minors, at

    def adult_from(self, details: SubjectDetails) -> datetime | None:
        """Return when the person decides for themselves; None if unknown."""
        threshold = self.thresholds.of(details.country)
        return threshold_reached_at(details, threshold=threshold, time_zone=self.time_zone, at=self.at)

    def is_contradicted(self, details: SubjectDetails) -> bool:
        """Return True if the statements of the person's age contradict one another."""
        threshold = self.thresholds.of(details.country)
        return combine_statements(age_statements(details, threshold=threshold, time_zone=self.time_zone, at=self.at))[1]

    def is_child(self, details: SubjectDetails) -> bool:
        """Return True if a guardian decides: for a known child, and for an unknown age where minors are served."""
        return is_child(details.roles, self.adult_from(details), at=self.at, serves_minors=self.serves_minors)

    def is_known_child(self, details: SubjectDetails) -> bool:
        """Return True if a stated age makes the person a child."""
        moment = self.adult_from(details)
        return moment is not None and self.at < moment


def withhold_looser_changes(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> SubjectDetails | None:
    """Return ``after`` without the changes that would loosen the age gate; None if there are none."""
    if not reading.is_child(before) or not _grants_more(before, after, reading):
        return None
    return replace(after, **{name: getattr(before, name) for name in AGE_GATE_FIELDS})


def _grants_more(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    was, becomes = reading.adult_from(before), reading.adult_from(after)
    if becomes is None:
        return not reading.is_child(after) or _removes_protection(before, after, reading)
    if was is None:
        return reading.at >= becomes and (reading.is_contradicted(before) or not _states_adult(before, after, reading))
    return becomes < was


def _removes_protection(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    held = reading.is_known_child(before) or reading.is_contradicted(before)
    return held and not reading.is_contradicted(after)


def _states_adult(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Return True if the age statements alone make the person an adult, without changes of roles or country."""
    kept = replace(after, role=before.role, other_roles=before.other_roles, country=before.country)
    moment = reading.adult_from(kept)
    return moment is not None and reading.at >= moment


def without_contradictions(details: SubjectDetails, reading: Reading) -> SubjectDetails:
    """Remove the person's declaration or a provider's check that contradicts a change two people confirmed."""
    for without in ({"declared_age": None, "declared_on": None}, {"age_check": None}):
        if reading.is_contradicted(details):
            details = details.changed(without)
    return details


def reveals_child(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Return True if a person not known as a child becomes a known child, or an adult now counts as a child."""
    if reading.is_known_child(after):
        return not reading.is_known_child(before)
    return not reading.is_child(before) and reading.is_child(after)


def reveals_minor_guardian(before: SubjectDetails, after: SubjectDetails, full_age: Reading) -> bool:
    """Return True if a guardian becomes known not to be of full age; ``full_age`` has the full ages as thresholds."""
    return _GUARDIAN in after.roles and full_age.is_known_child(after) and not full_age.is_known_child(before)


def came_of_age_by(details: SubjectDetails, *, threshold: int, time_zone: str) -> datetime | None:
    """Return when an adult had reached the threshold at the latest, by the strongest statement of their age, or None.

    ``threshold_reached_at`` keeps no day for adults; this is for the age at the time of an earlier answer.
    """
    born, years, on = details.birth_date, details.attested_age, details.attested_on
    if years is None and details.age_check is not None:
        check = AgeCheck.read(details.age_check)
        years, on = check.years, check.checked_on
    if born is None and years is not None and on is not None:
        born = birthday(on, -years)
    return None if born is None else of_age_at(born, threshold=threshold, time_zone=time_zone)
