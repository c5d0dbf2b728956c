"""Deadlines of a rights request: the due date, pauses, an extension, and what the portal does on which day. Pure.

A request is answered within thirty days of receipt (privacy policy, section 9), or earlier if the law of the client's
country, or of the country where the person lives, is stricter on that day (GDPR article 12(3): one month). That date
never moves later, whatever the law becomes; it moves earlier only if the person becomes known after receipt.
Pauses and one extension move only the date on which the person may expect the answer, and that date counts only once
the person has had a reasoned notice. The pauses of a request count for thirty days together, so that a forgotten one
stops no clock for good. Days are calendar days in the client's time zone.
"""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from paktaleem.foundation.law.profiles import PROMISES, Rules, Term, promised

ANSWER_TIME = timedelta(days=promised(promised(PROMISES.answer).days))
"""Longest time from receipt to the due date, as promised."""
LONGEST_EXTENSION = timedelta(days=promised(promised(PROMISES.extension).days))
"""Longest extension beyond the due date, as promised; the law may allow less."""
LONGEST_PAUSE = timedelta(days=promised(promised(PROMISES.pause).days))
"""Longest time that all pauses of one request count."""
REMINDER_DAYS = (7, 3, 1)
"""Days before the deadline on which a reminder is sent; from the deadline on one is sent daily."""
ESCALATION_DAY = 20
"""Day after receipt on which a request that the client has not decided goes to PakTaleem's officers."""
NOTICE_DAY = 27
"""Day after receipt by which an officer sends a reasoned notice if the client has not decided."""


class StepKind(StrEnum):
    REMINDER = "reminder"
    ESCALATION = "escalation"
    NOTICE_NEEDED = "notice_needed"
    OVERDUE = "overdue"


class Step(NamedTuple):
    """One act of the portal: time, kind, calendar day at the client, days left; at most one of a kind on a day."""

    at: datetime
    kind: StepKind
    on: date
    days_left: int


class Pause(NamedTuple):
    """A period in which PakTaleem or the client waits for the person; open while ``ends_at`` is None."""

    starts_at: datetime
    ends_at: datetime | None = None


def due_at(received_at: datetime, *, zone: str, laws: Iterable[Rules]) -> datetime:
    """Return the due date: thirty days after receipt, or the end of the period of a law that is earlier."""
    ends = (_end_of(_last_day(received_at, zone, law.answer), zone) for law in laws if law.answer)
    return min([received_at + ANSWER_TIME, *ends])


def longest_extension(received_at: datetime, *, zone: str, laws: Iterable[Rules]) -> timedelta:
    """Return the longest extension in whole days: as promised, or less if a law has a shorter one or none."""
    laws = list(laws)
    due, longest = due_at(received_at, zone=zone, laws=laws), LONGEST_EXTENSION
    for law in laws:
        if law.answer is not None:
            last = _last_day(received_at, zone, law.answer)
            last = last if law.extension is None else _add(last, law.extension)
            longest = min(longest, timedelta(days=(_end_of(last, zone) - due).days))
    return longest


def _last_day(received_at: datetime, zone: str, term: Term) -> date:
    return _add(day_in(received_at, zone), term)


def _add(day: date, term: Term) -> date:
    """Return the last day of a period: the first day does not count, and a short month ends on its last day.

    Regulation (EEC, Euratom) 1182/71, article 3(1) and (2)(c). A holiday does not extend it: that protects the person.
    """
    if term.months is None:
        return day + timedelta(days=term.days or 0)
    years, month = divmod(day.month - 1 + term.months, 12)
    longest = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, longest))


def _end_of(last: date, zone: str) -> datetime:
    """Return the end of a last day in the client's zone."""
    return datetime.combine(last + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def day_in(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def format_day(at: datetime, zone: str) -> str:
    """Return the calendar day of a time in a client's time zone, as emails name it: 2026-10-31."""
    return day_in(at, zone).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClock:
    """The facts from which all dates of one request follow.

    ``due_at`` is stored with the request. ``extension`` is the time added to it. ``notice_at`` is when the person had a
    reasoned notice of what is still to come. ``answered_at`` is when an answer or a refusal reached them.
    ``awaits_client`` is True while the client, as controller, has not decided. ``zone`` is the client's IANA time zone.
    """

    received_at: datetime
    due_at: datetime
    zone: str
    pauses: tuple[Pause, ...] = ()
    extension: timedelta = timedelta()
    notice_at: datetime | None = None
    answered_at: datetime | None = None
    awaits_client: bool = False

    def day_after_receipt(self, days: int) -> datetime:
        """Return the time so many days after receipt, earlier by the days that a stricter law takes from thirty."""
        less = -((self.due_at - self.received_at - ANSWER_TIME) // timedelta(days=1))
        return _days_later(self.received_at, days - less, self.zone)

    def is_paused(self, at: datetime) -> bool:
        return any(one.starts_at <= at and (one.ends_at is None or at < one.ends_at) for one in self.pauses)

    def paused_time(self, at: datetime) -> timedelta:
        """Return the time in pauses until ``at``, at most LONGEST_PAUSE; pauses that overlap count once."""
        total, counted_to = timedelta(), self.received_at
        for pause in sorted(self.pauses, key=lambda one: one.starts_at):
            starts = max(pause.starts_at, counted_to)
            ends = min(pause.ends_at or at, at)
            if ends > starts:
                total, counted_to = total + (ends - starts), ends
        return min(total, LONGEST_PAUSE)

    def expected_by(self, at: datetime) -> datetime:
        """Return when the person may expect the answer: the due date, later by the pauses and the extension."""
        return self.due_at + self.paused_time(self.answered_at or at) + self.extension

    def answer_by(self, at: datetime) -> datetime:
        """Return the deadline that counts: the due date, or after a reasoned notice the expected date."""
        if self.notice_at is None:
            return self.due_at
        expected = self.expected_by(at)
        if self.is_paused(at) and at < expected:
            return self.due_at + LONGEST_PAUSE + self.extension
        return expected

    def is_overdue(self, at: datetime) -> bool:
        """Return True if the person has neither an answer nor, from the due date on, a notice that is still valid."""
        return self.answered_at is None and at >= self.answer_by(at)


def list_due_steps(clock: RequestClock, *, at: datetime) -> list[Step]:
    """List every step that was due until ``at``, oldest first, done or not, so that an outage loses none."""
    if clock.answered_at is not None:
        return []
    steps = [*_alarms(clock, at), *_reminders(clock, at)]
    return sorted(step for step in steps if step.at <= at)


def _alarms(clock: RequestClock, at: datetime) -> Iterator[Step]:
    deadline = clock.answer_by(at)
    if clock.awaits_client:
        yield _step(StepKind.ESCALATION, clock, clock.day_after_receipt(ESCALATION_DAY), at)
        if clock.notice_at is None:
            yield _step(StepKind.NOTICE_NEEDED, clock, clock.day_after_receipt(NOTICE_DAY), at)
    yield _step(StepKind.OVERDUE, clock, deadline, at)


def _reminders(clock: RequestClock, at: datetime) -> Iterator[Step]:
    """Yield the reminders of the deadline that counts; a deadline that a notice or a pause moved counts anew."""
    deadline, since = clock.answer_by(at), clock.received_at
    if clock.notice_at is not None:
        resumed = (pause.ends_at for pause in clock.pauses if pause.ends_at is not None and pause.ends_at <= at)
        since = max(clock.notice_at, *resumed, clock.received_at)
    days_past = max(0, (at - deadline).days + 1)
    for days in (*REMINDER_DAYS, *range(0, -days_past - 1, -1)):  # then daily, until ``at``
        step = _step(StepKind.REMINDER, clock, _days_later(deadline, -days, clock.zone), at)
        if step.at > since:
            yield step


def _step(kind: StepKind, clock: RequestClock, moment: datetime, at: datetime) -> Step:
    zone = ZoneInfo(clock.zone)
    on, last = moment.astimezone(zone).date(), clock.answer_by(at).astimezone(zone).date()
    return Step(moment, kind, on, (last - on).days)


def _days_later(moment: datetime, days: int, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    then = datetime.combine(local.date() + timedelta(days=days), local.time(), local.tzinfo).replace(fold=local.fold)
    return then.astimezone(UTC)
