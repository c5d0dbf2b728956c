"""When the data held about a person is due for disposal, and why."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection

from consent.consents.selectors.consents import find_restrictions
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.holdings.models.holdings import Holding
from retention.holdings.selectors import list_holdings_of
from retention.schedule.models.holds import Hold
from retention.schedule.models.rules import RetentionRule
from retention.schedule.selectors.holds import find_holds

_LINES = """
SELECT holding_id, purpose, rule_id, triggered_at, due_at, is_in_use
FROM schedule_lines(%s, %s, NULL, %s, NULL, NULL, NULL, NULL)
"""


class DueState(StrEnum):
    """Reasons for or against the disposal of a holding; the first that applies counts."""

    HELD = "held"
    RESTRICTED = "restricted"
    NO_RULE = "no_rule"
    WAITING = "waiting"
    KEPT = "kept"
    IN_USE = "in_use"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class DueLine:
    """One purpose of a holding: its rule, the time of the trigger, and when its period is over.

    ``rule`` is None for a gap, ``triggered_at`` before the trigger. ``due_at`` is the end of the last day.
    """

    purpose: str
    rule: RetentionRule | None
    triggered_at: datetime | None
    due_at: datetime | None
    is_in_use: bool


@dataclass(frozen=True, slots=True)
class HoldingDue:
    """A holding with a line for each purpose, the holds that cover it, and whether the person restricted its use.

    While any purpose needs the data, the longest period wins: ``due_at`` is the latest of the lines, and None if one
    has no due date.
    """

    holding: Holding
    lines: tuple[DueLine, ...]
    holds: tuple[Hold, ...]
    is_restricted: bool

    @property
    def decisive(self) -> DueLine:
        """Return the line that decides: one without a rule, one before its trigger, or the latest."""
        undecided = [line for line in self.lines if line.due_at is None]
        if undecided:
            return min(undecided, key=lambda line: (line.rule is not None, line.purpose))
        return max(self.lines, key=lambda line: (line.due_at, line.purpose))

    @property
    def due_at(self) -> datetime | None:
        """Return when the data is due, holds and use apart."""
        return self.decisive.due_at

    def state(self, at: datetime) -> DueState:
        """Return what decides at ``at``; only DUE data may be disposed of."""
        line = self.decisive
        if self.holds:
            return DueState.HELD
        if self.is_restricted:
            return DueState.RESTRICTED
        if line.due_at is None:
            return DueState.NO_RULE if line.rule is None else DueState.WAITING
        if line.due_at > at:
            return DueState.KEPT
        return DueState.IN_USE if any(one.is_in_use for one in self.lines) else DueState.DUE


def list_due_of_person(subject: Subject, *, actor: Actor, at: datetime, most: int | None = None) -> list[HoldingDue]:
    """List the current holdings of a person with their due dates, by category and system; at most ``most``.

    Runs five queries. Raises NotAllowed.
    """
    held = list(list_holdings_of(subject, actor=actor)[:most])
    lines = _fetch_lines(subject, at)
    holds = list(find_holds(subject.client_id, subject_id=subject.pk))
    restricted = set(find_restrictions(subject, at=at).values_list("purpose_code", flat=True))
    return [
        HoldingDue(
            one,
            tuple(lines.get(one.pk, ())),
            tuple(hold for hold in holds if _covers(hold, one)),
            is_restricted=not restricted.isdisjoint({"", *one.purposes}),
        )
        for one in held
    ]


def _fetch_lines(subject: Subject, at: datetime) -> dict[UUID, list[DueLine]]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [subject.client_id, subject.pk, at])
        found = cursor.fetchall()
    in_force = RetentionRule.objects.active(at).filter(client_id__in={subject.client_id, PAKTALEEM})
    rules = {rule.pk: rule for rule in in_force.select_related("purpose")}
    lines: dict[UUID, list[DueLine]] = defaultdict(list)
    for holding, purpose, rule, triggered_at, due_at, is_in_use in found:
        lines[holding].append(DueLine(purpose or "", rules.get(rule), triggered_at, due_at, is_in_use))
    return lines


def _covers(hold: Hold, holding: Holding) -> bool:
    return hold.category in {"", holding.category} and hold.system_id in {None, holding.system_id}
