"""The log of decisions: kept in memory, and written by a thread of its own at most a second later.

A decision neither waits for the log nor fails because of it. A process that is killed loses at most the last second;
one that ends writes the rest. What does not fit into the memory while the database cannot be reached is dropped and
counted (``paktaleem_decision_log_lost``).
"""

import atexit
import hmac
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import close_old_connections, connection
from django.utils.translation import gettext_lazy as _

from consent.decisions.facts import Action, Decision, Question
from consent.decisions.models import DecisionLogSetting, LoggedDecision, LogMode
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.operations.metrics import count_lost_log_entries
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import SqlValues, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

MOST_PENDING = 200_000
"""Decisions kept in memory, about 60 MB at most."""
DAYS_AHEAD = 3
"""Partitions made ahead, so that midnight needs no lock of the table."""
_EACH = 1.0
_PSEUDONYM_BYTES = 16
_ACTIONS = frozenset(Action)

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


class DecisionLog:
    """The decisions of this process that are not written yet."""

    def __init__(self) -> None:
        self._lock, self._calls, self._size = Lock(), list[_Call](), 0
        self._ending = Event()

    def add(self, client: UUID, key: UUID, at: datetime, purposes: Container[str], answers: Sequence[Answered]) -> None:
        """Add the decisions of one call (``at``: the system clock); drop and count them if the memory is full."""
        self._keep(_Call(client, key, at, purposes, answers))

    def _keep(self, call: _Call) -> None:
        with self._lock:
            is_full = self._size >= MOST_PENDING
            if not is_full:
                self._calls.append(call)
                self._size += len(call.answers)
        if is_full:
            count_lost_log_entries(len(call.answers))

    def flush(self) -> None:
        """Write what is pending, one transaction for each client; keep what cannot be written, and log the error."""
        with self._lock:
            calls, self._calls, self._size = self._calls, [], 0
        by_client: defaultdict[UUID, list[_Call]] = defaultdict(list)
        for call in calls:
            by_client[call.client].append(call)
        for client_id, own in by_client.items():
            try:
                with in_client(client_id):
                    _write(client_id, own)
            except Exception:
                log.exception("Decisions could not be logged.", client_id=str(client_id))
                for call in own:
                    self._keep(call)

    def discard(self) -> None:
        """Forget what is pending."""
        with self._lock:
            self._calls, self._size = [], 0

    def start(self) -> None:
        """Start the thread that writes each second, and write the rest when the process ends."""
        Thread(target=self._run, name="decision-log", daemon=True).start()
        atexit.register(self._end)

    def _run(self) -> None:
        while not self._ending.wait(_EACH):
            close_old_connections()
            self.flush()

    def _end(self) -> None:
        self._ending.set()
        self.flush()


decision_log = DecisionLog()
"""The log of this process."""


_ADD_COUNTS = """
INSERT INTO consent_decisioncount AS c (id, client_id, hour, key_id, purpose, action, reason, number, xact)
SELECT u.id, %(client)s, u.hour, u.key, u.purpose, u.action, u.reason, u.number, pg_current_xact_id()::text::bigint
FROM unnest(%(ids)s::uuid[], %(hours)s::timestamptz[], %(keys)s::uuid[], %(purposes)s::text[], %(actions)s::text[],
    %(reasons)s::text[], %(numbers)s::bigint[]) AS u (id, hour, key, purpose, action, reason, number)
ON CONFLICT (client_id, hour, key_id, purpose, action, reason)
DO UPDATE SET number = c.number + excluded.number, xact = excluded.xact
"""
_ADD_DECISIONS = """
INSERT INTO consent_loggeddecision (id, client_id, at, key_id, purpose, action, reason, pseudonym, xact)
SELECT u.id, %(client)s, u.at, u.key, u.purpose, u.action, u.reason, u.pseudonym, pg_current_xact_id()::text::bigint
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[], %(keys)s::uuid[], %(purposes)s::text[], %(actions)s::text[],
    %(reasons)s::text[], %(pseudonyms)s::uuid[]) AS u (id, at, key, purpose, action, reason, pseudonym)
"""
_ADD_DAYS = "SELECT consent_add_log_days(%s, %s)"


def _write(client_id: UUID, calls: Sequence[_Call]) -> None:
    """Count the decisions, and add each one if the client logs every decision; in the client's context."""
    setting = DecisionLogSetting.objects.filter(client_id=client_id).first()
    mode = LogMode.COUNTS if setting is None else setting.mode
    if mode == LogMode.OFF:
        return
    counts: Counter[tuple[datetime, UUID, str, str, str]] = Counter()
    for call in calls:
        hour = call.at.replace(minute=0, second=0, microsecond=0)
        counts.update((hour, call.key, *_describe(answer, call.purposes)) for answer in call.answers)
    found = sorted(counts.items())  # in one order: two processes that count at once do not wait for each other
    hours, keys, purposes, actions, reasons = (list(column) for column in zip(*(key for key, _ in found), strict=True))
    values: SqlValues = {"hours": hours, "keys": keys, "purposes": purposes, "actions": actions, "reasons": reasons}
    values |= {"client": client_id, "ids": [new_id() for _ in found], "numbers": [number for _, number in found]}
    with connection.cursor() as cursor:
        cursor.execute(_ADD_COUNTS, values)
        if setting is not None and mode == LogMode.EVERY:
            days = sorted({call.at.date() for call in calls})
            cursor.execute(_ADD_DAYS, [days[0], days[-1]])
            cursor.execute(_ADD_DECISIONS, _list_decisions(setting, calls))


def _list_decisions(setting: DecisionLogSetting, calls: Sequence[_Call]) -> SqlValues:
    key = pseudonym_key(setting)
    rows = [(call, answer, *_describe(answer, call.purposes)) for call in calls for answer in call.answers]
    return {
        "client": setting.client_id,
        "ids": [new_id() for _ in rows],
        "times": [call.at for call, *_ in rows],
        "keys": [call.key for call, *_ in rows],
        "purposes": [purpose for _, _, purpose, _, _ in rows],
        "actions": [action for *_, action, _ in rows],
        "reasons": [reason for *_, reason in rows],
        "pseudonyms": [answer.subject and make_pseudonym(key, answer.subject) for _, answer, *_ in rows],
    }


def _describe(answer: Answered, purposes: Container[str]) -> tuple[str, str, str]:
    """Return purpose, action and reason; a purpose or action that a caller made up is empty."""
    question = answer.question
    is_known = question.is_about_purpose and question.purpose in purposes
    action = question.action if question.action in _ACTIONS else ""
    return question.purpose if is_known else "", str(action), str(answer.decision.reason)


def pseudonym_key(setting: DecisionLogSetting) -> bytes:
    """Return the key of a client's pseudonyms, derived from the keyring, which is not in the database."""
    return keyring().index_key(b"decision-log/" + setting.client_id.bytes + setting.pseudonyms.bytes)


def make_pseudonym(key: bytes, subject_id: UUID) -> UUID:
    """Return the pseudonym of a person: HMAC-SHA-256 (RFC 2104), of which 128 bits are kept."""
    return UUID(bytes=hmac.digest(key, subject_id.bytes, "sha256")[:_PSEUDONYM_BYTES])


def purge_decisions(at: datetime) -> int:
    """Delete single decisions after the days of their client, drop days that nobody keeps, and add the next ones."""
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
