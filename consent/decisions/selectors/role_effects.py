"""Preview of a change of a person's roles: decisions that change, and whether it would wait."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from consent.decisions.selectors.answers_that_change import ChangedAnswer, compare_answers
from consent.notices.selectors.registers import current_register
from paktaleem.directory.people.age_gate import withhold_looser_changes
from paktaleem.directory.people.details import SubjectDetails, age_columns
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.ages import age_rules_of
from paktaleem.directory.people.services.people import open_details

_AS_IF_CHANGED = """
UPDATE subjects_subject SET role = %(role)s, other_roles = %(others)s::varchar[], country = %(country)s,
    of_age_at = %(of_age_at)s, of_age_threshold = %(of_age_threshold)s
WHERE client_id = %(client)s AND id = %(id)s
"""
"""Rolled back in the same function: it leaves no history."""


@dataclass(frozen=True, slots=True)
class RolePreview:
    """All roles afterwards, the main one first; the answers that change; ``waits`` for a second person."""

    roles: tuple[str, ...]
    effects: tuple[ChangedAnswer, ...]
    waits: bool

    @property
    def fingerprint(self) -> str:
        """A digest of what is shown: a confirmation of something else does not count."""
        return sha256(json.dumps([self.roles, self.effects, self.waits]).encode()).hexdigest()


def preview_roles(subject: Subject, role: str, other_roles: Collection[str], *, at: datetime) -> RolePreview:
    """Return what these roles would change, in the client's context; nothing is written.

    The roles are set in a savepoint that is rolled back, so that the same function reads the facts before and after. If
    the change would wait for a second person, the answers are those after the confirmation. Raises KeyDestroyed.
    """
    client = subject.client
    before = open_details(subject, sealer_of(subject))
    wanted = before.changed({"role": role, "other_roles": tuple(other_roles)})
    after = wanted.checked(today=at.astimezone(ZoneInfo(client.time_zone)).date(), region=client.country)
    with transaction.atomic():
        now = _read_facts(subject)
        _set_roles(subject, after, at)
        then = _read_facts(subject)
        transaction.set_rollback(True)
    effects = compare_answers(now, then, current_register(client.pk), at)
    waits = withhold_looser_changes(before, after, age_rules_of(client, at)) is not None
    return RolePreview(after.roles, tuple(effects), waits)


def _set_roles(subject: Subject, details: SubjectDetails, at: datetime) -> None:
    client = subject.client
    ages = age_columns(details, thresholds=client.thresholds, time_zone=client.time_zone, at=at)
    values = {**ages, "role": details.role, "others": list(details.other_roles)}
    with connection.cursor() as cursor:
        cursor.execute(_AS_IF_CHANGED, {**values, "id": subject.pk, "client": subject.client_id})


def _read_facts(subject: Subject) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_subject_facts(%s, NULL)::text", [subject.external_id])
        [text] = cursor.fetchone()
    return str(text)
