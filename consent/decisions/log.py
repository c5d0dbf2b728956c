"""The log of decisions: kept in memory, and written by a thread of its own at most a second later.

A decision neither waits for the log nor fails because of it. A process that is killed loses at most the last second of
single decisions; of counts too, unless it has more than ``MANY_COUNTS`` of them: these wait up to ten seconds, or
writing them would cost more than 1 % of a decision. A process that ends writes the rest. What does not fit
into the memory while the database cannot be reached is dropped and counted (``paktaleem_decision_log_lost``).
"""

import atexit
import hmac
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import Event, Lock, Thread
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection
from django.utils.translation import gettext_lazy as _

from consent.decisions.facts import Action, Decision, Question
from consent.decisions.models import DecisionLogSetting, LoggedDecision, LogMode
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.operations.metrics import count_lost_log_entries
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

MOST_PENDING = 100_000
"""Decisions that wait while a batch is written; with those of the batch they take about 60 MB at most."""
MANY_COUNTS = 250
"""More counts than these wait: writing so many each second would take about 1 % of a processor."""
DAYS_AHEAD = 3
"""Partitions made ahead, so that midnight needs no lock of the table."""
_EACH, _MANY_EACH = 1.0, 10
_PSEUDONYM_BYTES = 16
_ACTIONS = frozenset(Action)
_json = msgspec.json.Encoder()

log = structlog.stdlib.get_logger(__name__)


class Answered(NamedTuple):
    """One answered question; ``subject`` is None for an unknown person."""

    subject: UUID | None
    question: Question
    decision: Decision


class _Call(NamedTuple):
    """The decisions of one call of a key; ``purposes`` are the codes that the register knows."""

    client: UUID
    key: UUID
    at: datetime
    purposes: Container[str]
    answers: Sequence[Answered]


class _Count(msgspec.Struct):
    id: UUID
    hour: datetime
    key: UUID
    purpose: str
    action: str
    reason: str
    number: int


class _Entry(msgspec.Struct):
    id: UUID
    at: datetime
    key: UUID
    purpose: str
    action: str
    reason: str
    pseudonym: UUID | None


type _Counts = dict[tuple[datetime, UUID, str, str, str], int]
"""Decisions by hour, key, purpose, action and reason."""


@dataclass(slots=True)
class _Batch:
    """The rows that one transaction writes, by client. ``xact`` is known before it ends, should its answer be lost."""

    counts: dict[UUID, list[_Count]] = field(default_factory=dict)
    entries: dict[UUID, list[_Entry]] = field(default_factory=dict)
    xact: str = ""

    @property
    def clients(self) -> list[UUID]:
        return list(self.counts.keys() | self.entries.keys())

    @property
    def number(self) -> int:
        counted = sum(row.number for rows in self.counts.values() for row in rows)
        return counted or sum(map(len, self.entries.values()))

    def split(self) -> list["_Batch"]:
        """Return a batch for each client, so that what one client's rows break is not lost for others."""
        return [_Batch({one: self.counts.get(one, [])}, {one: self.entries.get(one, [])}) for one in self.clients]


class DecisionLog:
    """The decisions of this process that are not written yet."""

    def __init__(self) -> None:
        self._lock, self._writing, self._ending = Lock(), Lock(), Event()
        self.discard()

    def discard(self) -> None:
        """Forget what is pending."""
        with self._lock:
            self._calls, self._size = list[_Call](), 0
            self._counts: defaultdict[UUID, _Counts] = defaultdict(dict)
            self._batches: list[_Batch] = []

    def add(self, client: UUID, key: UUID, at: datetime, purposes: Container[str], answers: Sequence[Answered]) -> None:
        """Add the decisions of one call (``at``: the system clock); drop and count them if the memory is full."""
        self._keep([_Call(client, key, at, purposes, answers)])

    def _keep(self, calls: Iterable[_Call]) -> None:
        lost = 0
        with self._lock:
            for call in calls:
                if self._size < MOST_PENDING:
                    self._calls.append(call)
                    self._size += len(call.answers)
                else:
                    lost += len(call.answers)
        if lost:
            count_lost_log_entries(lost)

    def flush(self, *, may_wait: bool = False) -> None:
        """Write what is pending, but not many counts if they may wait. What cannot be written is kept, and logged."""
        with self._writing:
            if not self._write_batches():
                return
            with self._lock:
                calls, self._calls, self._size = self._calls, [], 0
            try:
                self._batches = self._sort(calls, may_wait=may_wait)
            except Exception:
                log.exception("Decisions could not be logged.")
                self._keep(calls)
            self._write_batches()

    def _sort(self, calls: Iterable[_Call], *, may_wait: bool) -> list[_Batch]:
        settings = _get_settings({call.client for call in calls})
        keys = {client: pseudonym_key(setting) for client, setting in settings.items() if setting.mode == LogMode.EVERY}
        entries: defaultdict[UUID, list[_Entry]] = defaultdict(list)
        for client, key_id, at, purposes, answers in calls:
            if client in settings and settings[client].mode == LogMode.OFF:
                continue
            counts, hour, key = self._counts[client], at.replace(minute=0, second=0, microsecond=0), keys.get(client)
            for answer in answers:
                what = _describe(answer, purposes)
                counted = (hour, key_id, *what)
                counts[counted] = counts.get(counted, 0) + 1
                if key is not None:
                    pseudonym = answer.subject and make_pseudonym(key, answer.subject)
                    entries[client].append(_Entry(new_id(), at, key_id, *what, pseudonym))
        batch = _Batch(entries=entries)
        if not may_wait or sum(map(len, self._counts.values())) <= MANY_COUNTS:
            batch.counts = {
                client: [_Count(new_id(), *what, number) for what, number in counts.items()]
                for client, counts in self._counts.items()
            }
            self._counts.clear()
        return [batch] if batch.clients else []

    def _write_batches(self) -> bool:
        """Write the batches; return False if the database cannot be reached."""
        while self._batches:
            batch = self._batches.pop(0)
            try:
                _write(batch)
            except (OperationalError, InterfaceError):
                log.exception("Decisions could not be logged.")
                self._batches.insert(0, batch)
                return False
            except DatabaseError:
                log.exception("Decisions could not be logged.")
                if len(batch.clients) > 1:
                    self._batches += batch.split()
                else:
                    count_lost_log_entries(batch.number)
        return True

    def start(self) -> None:
        """Start the thread that writes each second, and write the rest when the process ends."""
        Thread(target=self._run, name="decision-log", daemon=True).start()
        atexit.register(self._end)

    def _run(self) -> None:
        for turn in count(1):
            if self._ending.wait(_EACH):
                return
            close_old_connections()
            self.flush(may_wait=turn % _MANY_EACH != 0)

    def _end(self) -> None:
        self._ending.set()
        self.flush()


decision_log = DecisionLog()
"""The log of this process."""


_SETTINGS = "SELECT client_id, mode, pseudonyms FROM consent_decisionlogsetting WHERE client_id = ANY (%s)"
_LOG = "SELECT consent_log_decisions(%s, %s, %s)"
_ADD_DAYS = "SELECT consent_add_log_days(%s, %s)"


def _get_settings(clients: Iterable[UUID]) -> dict[UUID, DecisionLogSetting]:
    if not clients:
        return {}
    with as_officer(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS, [list(clients)])
        return {
            client: DecisionLogSetting(client_id=client, mode=mode, pseudonyms=pseudonyms)
            for client, mode, pseudonyms in cursor.fetchall()
        }


def _write(batch: _Batch) -> None:
    """Write a batch in one transaction, unless an earlier try was committed although its answer was lost."""
    clients, days = batch.clients, {row.at.date() for rows in batch.entries.values() for row in rows}
    with in_global(), connection.cursor() as cursor:
        if batch.xact:
            cursor.execute("SELECT pg_xact_status(%s::xid8) = 'committed'", [batch.xact])
            if cursor.fetchone() == (True,):
                return
        cursor.execute("SELECT pg_current_xact_id()::text")
        [batch.xact] = cursor.fetchone()
        if days:
            cursor.execute(_ADD_DAYS, [min(days), max(days)])
        cursor.execute(_LOG, [clients, *(_encode(rows, clients) for rows in (batch.counts, batch.entries))])


def _encode(rows: dict[UUID, list[_Count]] | dict[UUID, list[_Entry]], clients: Iterable[UUID]) -> list[str | None]:
    return [_json.encode(rows[client]).decode() if rows.get(client) else None for client in clients]


def _describe(answer: Answered, purposes: Container[str]) -> tuple[str, str, str]:
    """Return purpose, action and reason; a purpose or action that a caller made up is empty."""
    question = answer.question
    is_known = question.is_about_purpose and question.purpose in purposes
    action = question.action if question.action in _ACTIONS else ""
    return question.purpose if is_known else "", action, answer.decision.reason


def pseudonym_key(setting: DecisionLogSetting) -> bytes:
    """Return the key of a client's pseudonyms, derived from the keyring, which is not in the database."""
    return keyring().index_key(b"decision-log/" + setting.client_id.bytes + setting.pseudonyms.bytes)


def make_pseudonym(key: bytes, subject_id: UUID) -> UUID:
    """Return the pseudonym of a person: HMAC-SHA-256 (RFC 2104), of which 128 bits are kept."""
    return UUID(bytes=hmac.digest(key, subject_id.bytes, "sha256")[:_PSEUDONYM_BYTES])


def purge_decisions(at: datetime) -> int:
    """Delete single decisions after the days of their client, drop days that no client keeps, and add the next ones."""
    rows = longest = 0
    with as_officer():
        days_kept = dict(DecisionLogSetting.objects.values_list("client_id", "days_kept"))
    for client_id, days in days_kept.items():
        with in_client(client_id):
            rows += LoggedDecision.objects.filter(client_id=client_id, at__lt=at - timedelta(days=days)).delete()[0]
        longest = max(longest, days)
    today = at.date()
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_ADD_DAYS, [today, today + timedelta(days=DAYS_AHEAD)])
        cursor.execute("SELECT consent_drop_log_days(%s)", [today - timedelta(days=longest)])
        [dropped] = cursor.fetchone()
    return rows + int(dropped)


DECISION_COUNTS = DataKind(
    code="decision_counts",
    name=_("Counts of decisions by hour"),
    counted_from=_("The hour"),
    disposal=Disposal.ROWS,
    bounds=Bounds(400, 35, 1_100),
)
LOGGED_DECISIONS = DataKind(
    code="logged_decisions",
    name=_("Single decisions of the decision log"),
    counted_from=_("The decision; each client sets the days, 90 at most"),
    disposal=Disposal.ROWS,
    purge_all=purge_decisions,
)
