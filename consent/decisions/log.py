"""The log of decisions: kept in memory, and written by a thread of its own at most a second later.

A decision neither waits for the log nor fails because of it. A process that is killed loses at most the last second;
one that ends writes the rest. What does not fit into the memory while the database cannot be reached is dropped and
counted (``paktaleem_decision_log_lost``).
"""

import atexit
import hmac
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog
from django.db import close_old_connections, connection
from django.utils.translation import gettext_lazy as _

from consent.decisions.facts import Action, Decision, Question
from consent.decisions.models import DecisionLogSetting, LoggedDecision
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.operations.metrics import count_lost_log_entries
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global, single_statement
from paktaleem.foundation.tenancy.rows import SqlValues, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

MOST_PENDING = 200_000
"""Decisions kept in memory, about 60 MB at most."""
DAYS_AHEAD = 3
"""Partitions made ahead, so that midnight needs no lock of the table."""
_EACH = 1.0
_PSEUDONYM_BYTES = 16
_ACTIONS = frozenset(Action)
_COUNTED = ("hour", "key", "purpose", "action", "reason")
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
    is_counted: bool = False


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
        """Write what is pending: counts in one statement, single decisions in a transaction for each client.

        What cannot be written is kept, and the error logged.
        """
        with self._lock:
            calls, self._calls, self._size = self._calls, [], 0
        by_client: defaultdict[UUID, list[_Call]] = defaultdict(list)
        for call in calls:
            by_client[call.client].append(call)
        if not calls:
            return
        try:
            log_every = _count(by_client)
        except Exception:
            log.exception("Decisions could not be logged.")
            self._keep_again(calls)
            return
        for client_id in log_every:
            try:
                with in_client(client_id):
                    _add_decisions(client_id, by_client[client_id])
            except Exception:
                log.exception("Decisions could not be logged.", client_id=str(client_id))
                self._keep_again([call._replace(is_counted=True) for call in by_client[client_id]])

    def _keep_again(self, calls: Iterable[_Call]) -> None:
        for call in calls:
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


_COUNT = "SELECT consent_count_decisions(%s, %s)"
_ADD_DECISIONS = """
INSERT INTO consent_loggeddecision (id, client_id, at, key_id, purpose, action, reason, pseudonym, xact)
SELECT u.id, %(client)s, u.at, u.key, u.purpose, u.action, u.reason, u.pseudonym, pg_current_xact_id()::text::bigint
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[], %(keys)s::uuid[], %(purposes)s::text[], %(actions)s::text[],
    %(reasons)s::text[], %(pseudonyms)s::uuid[]) AS u (id, at, key, purpose, action, reason, pseudonym)
"""
_ADD_DAYS = "SELECT consent_add_log_days(%s, %s)"


def _count(by_client: Mapping[UUID, Sequence[_Call]]) -> list[UUID]:
    """Count the decisions of all clients, but those whose log is off; return the clients that log every decision."""
    found = [_json.encode(_list_counts(calls)).decode() for calls in by_client.values()]
    with single_statement(), connection.cursor() as cursor:
        cursor.execute(_COUNT, [list(by_client), found])
        return [client_id for (client_id,) in cursor.fetchall()]


def _list_counts(calls: Sequence[_Call]) -> list[dict[str, object]]:
    """List counts in one order, so that two processes that count at once do not wait for each other."""
    counts: Counter[tuple[datetime, UUID, str, str, str]] = Counter()
    for call in calls:
        if not call.is_counted:
            hour = call.at.replace(minute=0, second=0, microsecond=0)
            counts.update((hour, call.key, *_describe(answer, call.purposes)) for answer in call.answers)
    return [
        {"id": new_id(), "number": number, **dict(zip(_COUNTED, values, strict=True))}
        for values, number in sorted(counts.items())
    ]


def _add_decisions(client_id: UUID, calls: Sequence[_Call]) -> None:
    setting = DecisionLogSetting.objects.get(client_id=client_id)
    days = sorted({call.at.date() for call in calls})
    with connection.cursor() as cursor:
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
